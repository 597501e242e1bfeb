"""The script that CI runs, which ends well only where every one of its steps did, and what else CI relies on."""

from __future__ import annotations

import shutil
import subprocess
import sys
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


def test_the_newest_releases_wait_a_week() -> None:
    nightly = (ROOT / ".github" / "workflows" / "nightly.yml").read_text()
    _, _, newest = nightly.partition("UPGRADE: ${{ matrix.package }}")
    assert "PIP_UPLOADED_PRIOR_TO: P7D" in newest.partition("run:")[0]


def test_no_path_in_tox_ini_breaks_at_a_blank(tmp_path: Path) -> None:
    checkout = tmp_path / "a folder"
    checkout.mkdir()
    shutil.copy(ROOT / "tox.ini", checkout)
    names = "tests,lint,stack-current,stack-ipex,stack-genai,stack-onnx"
    command = [sys.executable, "-m", "tox", "config", "-e", names, "-k", "constraints", "deps"]
    shown = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True, timeout=60).stdout
    assert shown.count("constraints = perf/stacks/") == len(names.split(","))
    assert "Exception" not in shown
