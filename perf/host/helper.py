"""Helpers: processes that do one thing for this one, such as pip, and must not go on without it.

A helper that went on alone would write into what the next run makes in the same place.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from perf.host.sentinel import Sentinel, kill_marked, marked, new_mark


def run(
    command: Sequence[str | Path], environment: dict[str, str], deadline_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return what it printed, whatever its exit code.

    It has nothing to read, and leads a session: Ctrl-C reaches this process alone, which then ends it. Nothing that it
    has started outlives it either.

    Raises:
        OSError: it cannot be started.
        subprocess.TimeoutExpired: it took longer than ``deadline_s``, and was killed.
    """
    mark = new_mark()
    sentinel = Sentinel(mark)
    try:
        return _run_watched(command, marked(environment, mark), deadline_s, sentinel)
    finally:
        sentinel.end()
        kill_marked(mark)


def _run_watched(
    command: Sequence[str | Path], environment: dict[str, str], deadline_s: float | None, sentinel: Sentinel
) -> subprocess.CompletedProcess[str]:
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            sentinel.watch(process.pid)
            output, errors = process.communicate(timeout=deadline_s)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)
