"""The wire between the parent and a process that it starts: JSON objects, one a line, on two pipes of their own.

    python -m perf.worker REQUEST_FD REPLY_FD PARENT_PID

Standard output and error are not part of the wire, since libraries print there. A request is
``{"request": NAME, ...}`` and a reply ``{"reply": NAME, ...}``, with the fields as further keys:

1. The process sends ``hello`` once it has started, with the ``version`` of this wire.
2. Each request gets any number of ``progress`` replies and then one last reply. The last reply is ``error`` (``type``,
   ``message``, ``traceback``) if the request could not be answered; the process goes on.
3. While it answers, the process may send ``turn`` and wait for the request ``turn``: so two workers take turns.
4. The process ends when REQUEST_FD is closed, and the kernel kills it when its parent dies.

The docstrings of perf.worker.__main__ and perf.worker.probe list the requests.
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

# Of the requests, the replies and their fields. A parent talks to the code of another commit if this is the same there.
# A field of a reply that may be missing, such as a sample's ``counts``, needs no other one: older workers send none.
VERSION = 2

PR_SET_PDEATHSIG = 1  # prctl(2)


class Wire:
    """The child's end of the wire. Called, it sends one reply to the parent."""

    def __init__(self, requests: TextIO, replies: TextIO) -> None:
        self._requests, self._replies = requests, replies

    def __call__(self, reply: str, **fields: Any) -> None:
        """Send the reply of that name at once."""
        self._replies.write(json.dumps({"reply": reply, **fields}) + "\n")
        self._replies.flush()

    def requests(self) -> Iterator[dict[str, Any]]:
        """Yield each request as it comes, until the parent closes its end."""
        while line := self._requests.readline():
            yield json.loads(line)

    def await_turn(self) -> None:
        """Ask for the turn and sleep until the parent grants it.

        Raises ValueError if the parent requests something else, and exits if the parent is gone.
        """
        self("turn")
        request = next(self.requests(), None)
        if request is None:
            sys.exit("the parent left in the middle of a generation")
        if request["request"] != "turn":
            raise ValueError(f"{request['request']} was asked for in the middle of a generation")


Handlers = Mapping[str, Callable[..., None]]


def main(arguments: Sequence[str], make_handlers: Callable[[Wire], Handlers]) -> None:
    """Answer requests for the whole life of the process.

    Args:
        arguments: The command line without the program: two descriptors and the parent's process id.
        make_handlers: Gets the wire, and returns the function that answers each request.
    """
    request_fd, reply_fd, parent_pid = map(int, arguments)
    die_with(parent_pid)
    for descriptor in (request_fd, reply_fd):
        os.set_inheritable(descriptor, False)  # or a compiler started by torch would keep the pipes open
    with os.fdopen(request_fd) as requests, os.fdopen(reply_fd, "w") as replies:
        serve(Wire(requests, replies), make_handlers)


def serve(wire: Wire, make_handlers: Callable[[Wire], Handlers]) -> None:
    """Handle one request after the other; an exception becomes a reply, and the process goes on."""
    handlers = make_handlers(wire)
    wire("hello", version=VERSION)
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
