"""The script that CI runs: it ends well only where every one of its steps did."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from perf.host.stack import ROOT


def run_ci(folder: Path, setup: str, tox: str) -> int:
    """Run ``.ci/run`` in a checkout whose setup and whose tox are these lines of shell; return its exit code."""
    scripts = {".ci/setup": setup, ".venv/bin/tox": tox}
    for path, line in scripts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"#!/bin/sh\n{line}\n")
        (folder / path).chmod(0o755)
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    return subprocess.run(["sh", str(folder / ".ci" / "run")], check=False, timeout=60).returncode


@pytest.mark.parametrize(
    ("setup", "tox", "code"),
    [
        ("true", "true", 0),
        ("exit 100", "true", 100),
        ("exit 0", 'case "$*" in *tests*) exit 1;; esac', 1),
        ("exit 0", 'case "$*" in *lint*) exit 2;; esac', 2),
    ],
    ids=["all well", "setup", "tests", "lint"],
)
def test_any_step_that_fails_fails_the_whole(tmp_path: Path, setup: str, tox: str, code: int) -> None:
    assert run_ci(tmp_path, setup, tox) == code
