"""The sentinel: a shell that waits for the end of a pipe that this process holds, then kills a process group.

The kernel closes the pipe however this process ends, so nothing that a worker has started outlives it.
"""

from __future__ import annotations

import subprocess

SCRIPT = 'read -r _; kill -s KILL -- "-$1"'


class Sentinel:
    """The sentinel of the process group ``pid``, in a session of its own, so that Ctrl-C does not reach it."""

    def __init__(self, pid: int) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", SCRIPT, "perf-sentinel", str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self) -> None:
        """End the sentinel and leave the process group alone."""
        self._shell.kill()  # before its pipe is closed, which is what it waits for
        self._shell.wait()
        assert self._shell.stdin is not None
        self._shell.stdin.close()
