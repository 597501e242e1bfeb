"""Stacks for tests: a piece of code run by the interpreter of one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from perf.host.stack import ROOT, Stack


def run_in(stack: Stack, code: str, folder: Path, *arguments: str) -> str:
    """Return what the code prints last in the stack's interpreter, without the newline."""
    result = subprocess.run(
        [stack.python, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{stack}: {result.stderr}"
    return result.stdout.splitlines()[-1]
