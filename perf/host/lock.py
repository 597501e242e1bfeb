"""One measurement at a time on a machine, whoever starts it.

The lock is the name of an abstract Unix socket. The kernel frees it when its holder dies, however that happens; there
is no file that another user could not open; and whoever finds it taken can ask the kernel who holds it. Abstract names
belong to a network namespace: a container with a network of its own does not see the lock.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from perf.errors import MachineBusy

NAME = "sd-xeon-perf"
RETRY_S = 2.0


@contextlib.contextmanager
def hold(name: str = NAME, wait_s: float = 0.0, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock, and wait up to ``wait_s`` seconds for it. Raises MachineBusy, which names its holder.

    ``on_wait`` is told once for how long, and for whom.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as lock:
        _bind(lock, f"\0{name}", wait_s, on_wait)
        lock.listen()
        yield


def _bind(lock: socket.socket, address: str, wait_s: float, on_wait: Callable[[str], None] | None) -> None:
    deadline = time.monotonic() + wait_s
    if _try_bind(lock, address):
        return
    who = holder(address)
    if wait_s > 0 and on_wait:
        on_wait(f"waiting up to {wait_s:g} s for {who}")
    while time.monotonic() < deadline:
        time.sleep(RETRY_S)
        if _try_bind(lock, address):
            return
    raise MachineBusy(
        f"this machine is being measured by {who}; two measurements at once would spoil both. "
        "Let it finish, or wait for it with --wait SECONDS"
    )


def _try_bind(lock: socket.socket, address: str) -> bool:
    try:
        lock.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def holder(address: str) -> str:
    """Describe the process that holds the lock, as the kernel knows it: its number, command line and directory."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        try:
            caller.connect(address)
            credentials = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return "a process that is just ending"
    pid = struct.unpack("3i", credentials)[0]
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        directory = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return f"process {pid}"
    return f"process {pid} ({command}, in {directory})"
