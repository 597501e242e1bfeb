"""Child side: the wire of every process that the suite starts, JSON objects, one a line, on two pipes of their own.

    python -m perf.SOMETHING REQUEST_FD REPLY_FD PARENT_PID

Standard output and error are not part of it, since libraries print there. Each request gets any number of
``progress`` replies and then one last reply; ``error`` (``type``, ``message``, ``traceback``) can take its place.
``hello`` is sent when the process has started. While it answers, it may send ``turn`` and wait for the request of that
name: so two workers take turns. It ends when REQUEST_FD is closed, and is killed by the kernel when its parent dies.
What the requests are is in the docstrings of perf.worker and perf.worker.probe.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO

PR_SET_PDEATHSIG = 1  # prctl(2)


class Wire:
    """The wire as a worker has it. Called, it sends one reply to the parent."""

    def __init__(self, requests: TextIO, replies: TextIO) -> None:
        self._requests, self._replies = requests, replies

    def __call__(self, reply: str, **fields: Any) -> None:
        self._replies.write(json.dumps({"reply": reply, **fields}) + "\n")
        self._replies.flush()

    def requests(self) -> Iterator[dict[str, Any]]:
        """Each request as it comes, until the parent closes its end."""
        while line := self._requests.readline():
            yield json.loads(line)

    def await_turn(self) -> None:
        """Sleep until the parent says so; a parent that is gone wants nothing any more."""
        self("turn")
        request = next(self.requests(), None)
        if request is None:
            sys.exit("the parent left in the middle of a generation")
        if request["request"] != "turn":
            raise ValueError(f"{request['request']} was asked for in the middle of a generation")


Handlers = Mapping[str, Callable[..., None]]


def main(arguments: Sequence[str], make_handlers: Callable[[Wire], Handlers]) -> None:
    """Answer requests, as the process's whole life. ``make_handlers`` gets the way to reply."""
    request_fd, reply_fd, parent_pid = map(int, arguments)
    die_with(parent_pid)
    for descriptor in (request_fd, reply_fd):
        os.set_inheritable(descriptor, False)  # or a compiler started by torch would keep the pipes open
    with os.fdopen(request_fd) as requests, os.fdopen(reply_fd, "w") as replies:
        serve(Wire(requests, replies), make_handlers)


def serve(wire: Wire, make_handlers: Callable[[Wire], Handlers]) -> None:
    """Handle each request in turn; an exception is a reply, not the end."""
    handlers = make_handlers(wire)
    wire("hello")
    for request in wire.requests():
        try:
            handlers[request.pop("request")](**request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent reports it
            wire("error", type=type(error).__name__, message=str(error), traceback=traceback.format_exc())


def die_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies, even inside native code that never returns."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit("the parent died before the process had started")
