"""The evidence of a worker that failed: how its process ended, its command, and the last lines of its output."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

OUTPUT = "worker.out"
ERRORS = "worker.err"
TAIL_LINES = 20


def describe_exit(returncode: int) -> str:
    """Return the exit code, or the name of the signal, from ``Popen.returncode``."""
    if returncode >= 0:
        return f"exit code {returncode}"
    name = f"signal {signal.Signals(-returncode).name}"
    if returncode == -signal.SIGKILL:
        return f"{name} (the kernel's out-of-memory killer does this; see dmesg)"
    return name


def read_last_output(command: Sequence[str], folder: Path) -> str:
    """Return the worker's command and the last lines of what it printed to its files in ``folder``."""
    lines = [f"command: {' '.join(command)}"]
    for path in (folder / ERRORS, folder / OUTPUT):
        text = path.read_text(errors="replace").splitlines()
        if text:
            lines += [f"--- last lines of {path}", *text[-TAIL_LINES:]]
    return "\n".join(lines)
