"""The evidence of a worker that failed: how its process ended, its command, and the last lines of its output."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from perf.host.foreign_text import quoted
from perf.host.regular_file import read_tail

OUTPUT = "worker.out"
ERRORS = "worker.err"
TAIL_LINES = 20
TAIL_BYTES = 64 * 1024  # a worker may have printed gigabytes


def describe_exit(returncode: int) -> str:
    """Return the exit code, or the name of the signal, from ``Popen.returncode``."""
    if returncode >= 0:
        return f"exit code {returncode}"
    name = f"signal {_signal_name(-returncode)}"
    if returncode == -signal.SIGKILL:
        return f"{name} (the kernel's out-of-memory killer does this; see dmesg)"
    return name


def _signal_name(number: int) -> str:
    """Return SIGSEGV and the like; the real-time signals have no names."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def read_last_output(command: Sequence[str], folder: Path) -> str:
    """Return the worker's command and the last lines of what it printed to its files in ``folder``."""
    lines = [f"command: {' '.join(command)}"]
    for path in (folder / ERRORS, folder / OUTPUT):
        try:
            text = read_tail(path, TAIL_BYTES).decode(errors="replace").splitlines()
        except OSError as error:
            text = [f"(cannot be read: {error.strerror})"]
        if text:
            lines += [f"--- last lines of {path}", quoted("\n".join(text[-TAIL_LINES:]))]
    return "\n".join(lines)
