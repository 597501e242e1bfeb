"""The sentinel: what this process starts ends with it, the children of its children included.

A process that is started here leads a group of its own and has a mark in its environment, which its children inherit:
one that has left the group (setsid) is found by that. The sentinel is a shell that waits for the end of a pipe which
this process holds. The kernel closes the pipe however this process ends, so nothing outlives it, except for a program
that is started with another environment and in another group. It is there before what it watches: this process may
end at any time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
from pathlib import Path

NAME = "SD_XEON_PERF_OWNER"
PASSES = 5  # a process that is just starting, or starting another, is found the next time
SCRIPT = f"""
read -r group
read -r _
test -n "$group" && kill -s KILL -- "-$group"
for pause in 0 {" 0.1" * (PASSES - 1)}; do
    sleep "$pause"
    for file in $(grep -lzsxF "$1" /proc/[0-9]*/environ); do
        pid=${{file#/proc/}}
        kill -s KILL "${{pid%/environ}}"
    done
done
"""


def new_mark() -> str:
    """Return a mark, ``NAME=VALUE``, that no other process has; all are of the same length."""
    return f"{NAME}={secrets.token_hex(8)}"


def marked(environment: dict[str, str], mark: str) -> dict[str, str]:
    """Return the environment with a mark in it."""
    name, _, value = mark.partition("=")
    return environment | {name: value}


def kill_marked(mark: str) -> None:
    """Kill every process with this mark in its environment."""
    for _ in range(PASSES):
        found = _find(mark)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _find(mark: str) -> list[int]:
    """Return the processes with this mark that still run; a zombie has no environment any more."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


class Sentinel:
    """The sentinel of what has ``mark``. It has a session of its own, so that Ctrl-C does not reach it."""

    def __init__(self, mark: str) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", SCRIPT, "perf-sentinel", mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Have it kill this process group too, whatever the environment of those in it."""
        assert self._shell.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # somebody has killed it
            self._shell.stdin.write(f"{group}\n".encode())
            self._shell.stdin.flush()

    def end(self) -> None:
        """End the sentinel and leave what it watches alone."""
        self._shell.kill()  # before its pipe is closed, which is what it waits for
        self._shell.wait()
        assert self._shell.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._shell.stdin.close()
