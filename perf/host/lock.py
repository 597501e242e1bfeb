"""One measurement at a time on a machine, whoever starts it: by two locks, since each alone can be missed.

The first is the name of an abstract Unix socket. The kernel frees it when its holder dies, however that happens, and
tells who holds it; but such names belong to a network namespace, and a container has one of its own. The second is a
file in a folder that containers can share with their host (``docker run -v /run/lock:/run/lock``), locked with
flock(2), which is freed in the same way. $PERF_LOCK names another file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psutil

from perf.errors import BadInput, MachineBusy
from perf.host.foreign_text import in_one_line

NAME = "sd-xeon-perf"
FILE = Path("/run/lock/sd-xeon-perf.lock")
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
RETRY_S = 2.0
ANYBODY = 0o666  # may lock it, whoever made it
HOLDER_BYTES = 1024
WRITTEN = "process "  # what a holder writes begins so


class Lock(Protocol):
    """One of the two locks."""

    def take(self) -> bool:
        """Take the lock if nobody holds it, and tell whether it was taken."""

    def holder(self) -> str:
        """Describe who holds it."""

    def release(self) -> None:
        """Let go of it, if it was taken."""


@contextlib.contextmanager
def hold(name: str = NAME, wait_s: float = 0.0, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the locks, and wait up to ``wait_s`` seconds for them. Raises MachineBusy, which names their holder.

    ``on_wait`` is told once for how long, and for whom.
    """
    deadline = time.monotonic() + wait_s
    say = on_wait or (lambda _: None)
    with contextlib.ExitStack() as held:
        for lock in (NameLock(name), SharedFileLock()):
            held.callback(lock.release)
            _take(lock, deadline, wait_s, say)
        yield


def blind_spot() -> str | None:
    """Say which measurements the locks cannot exclude from here; None if they see all of this machine."""
    path = _file()
    if any(mark.exists() for mark in CONTAINER_MARKS) and not path.parent.is_mount():
        return (
            f"this container does not share {path.parent} with its host, so that a measurement in another one is not "
            f"noticed: start it with -v {path.parent}:{path.parent}"
        )
    return None


def _take(lock: Lock, deadline: float, wait_s: float, say: Callable[[str], None]) -> None:
    if lock.take():
        return
    who = lock.holder()
    if wait_s > 0:
        say(f"waiting up to {wait_s:g} s for {who}")
    while time.monotonic() < deadline:
        time.sleep(RETRY_S)
        if lock.take():
            return
    raise MachineBusy(
        f"this machine is being measured by {who}; two measurements at once would spoil both. "
        "Let it finish, or wait for it with --wait SECONDS"
    )


class NameLock:
    """The lock that is the name of an abstract Unix socket."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def take(self) -> bool:
        """Bind the name, and listen, so that others can ask who has it."""
        try:
            self._socket.bind(f"\0{self._name}")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        self._socket.listen()
        return True

    def holder(self) -> str:
        """Ask the kernel who listens there; of a process that does not, only root and its own user learn anything."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.setblocking(False)
            try:
                caller.connect(f"\0{self._name}")
                credentials = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                return describe(struct.unpack("3i", credentials)[0])
            except OSError:
                return self._owner()

    def _owner(self) -> str:
        """Look for the name among all sockets: its holder may have more callers waiting than the kernel queues."""
        found = [each for each in psutil.net_connections(kind="unix") if str(each.laddr) in self._spellings]
        if known := [each.pid for each in found if each.pid]:
            return describe(known[0])
        return "a process of another user, which `sudo ss -xlp` names" if found else "a process that is just ending"

    @property
    def _spellings(self) -> set[str]:
        """The name as psutil may write it."""
        return {f"@{self._name}", f"\0{self._name}"}

    def release(self) -> None:
        """Close the socket, which frees the name."""
        self._socket.close()


class SharedFileLock:
    """The lock that is a file; where it can be neither opened nor made, it excludes nobody."""

    def __init__(self) -> None:
        self._path = _file()
        self._descriptor = self._open()

    def take(self) -> bool:
        """Lock the file, and write into it who has it."""
        if self._descriptor is None:
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        before = self._read()
        if not (before.startswith(WRITTEN) or WRITTEN.startswith(before)):  # a full disk may have kept the beginning
            raise BadInput(
                f"{self._path} is no lock of this suite, it holds something else; name another in $PERF_LOCK"
            )
        who = f"{describe(os.getpid())}, on {socket.gethostname()}"
        with contextlib.suppress(OSError):  # it is locked, whether or not there is room for a name
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, who.encode(errors="replace")[:HOLDER_BYTES], 0)
        return True

    def holder(self) -> str:
        """Return what the holder has written: its number is of its own container."""
        assert self._descriptor is not None, "a file that cannot be opened is nobody's"
        return f"{in_one_line(self._read()) or 'a process that is just starting'}, which has locked {self._path}"

    def release(self) -> None:
        """Close the file, which unlocks it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self) -> str:
        assert self._descriptor is not None
        return os.pread(self._descriptor, HOLDER_BYTES, 0).decode(errors="replace")

    def _open(self) -> int | None:
        # Without O_CREAT first: in a folder that is anybody's, the kernel refuses it for a file of another user's.
        for flags in (os.O_RDWR, os.O_RDWR | os.O_CREAT):
            with contextlib.suppress(OSError):
                descriptor = os.open(self._path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, ANYBODY)
                with contextlib.suppress(OSError):
                    os.fchmod(descriptor, ANYBODY)
                return descriptor
        return None


def _file() -> Path:
    return Path(os.environ.get("PERF_LOCK") or FILE)


def describe(pid: int) -> str:
    """Describe a process as the kernel knows it: its number, command line and directory."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        directory = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return f"{WRITTEN}{pid}"
    return f"{WRITTEN}{pid} ({in_one_line(command)}, in {directory})"
