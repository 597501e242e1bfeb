"""The parent's side of the wire (perf.worker.wire): JSON lines over two pipes, read with a deadline, never polled."""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

from perf.measure.replies import QUOTED_CHARACTERS, Reply, read_reply
from perf.records.strict_json import parse

MAX_LINE_BYTES = 1 << 20
CHUNK_BYTES = 1 << 16

Request = dict[str, Any]


class Channel:
    """The parent's ends of a worker's two pipes.

    ``pid_fd`` is the worker's pidfd, so that its death wakes the reader, or None where there is none.
    """

    def __init__(self, write_fd: int, read_fd: int, pid_fd: int | None) -> None:
        self._write_fd, self._read_fd = write_fd, read_fd
        self._buffer = b""
        self._readable, self._writable = select.poll(), select.poll()
        for descriptor in (read_fd, pid_fd):
            if descriptor is not None:
                self._readable.register(descriptor, select.POLLIN)
        self._writable.register(write_fd, select.POLLOUT)
        os.set_blocking(write_fd, False)  # a worker that does not read must not hold up the parent

    def send(self, request: Request, deadline: float) -> None:
        """Write one request. Raises TimeoutError as ``receive`` does, and EOFError if the worker has gone."""
        unsent = json.dumps(request).encode() + b"\n"
        while unsent:
            _wait(self._writable, deadline)
            try:
                unsent = unsent[os.write(self._write_fd, unsent) :]
            except BrokenPipeError as error:
                raise EOFError("the worker has closed its end") from error

    def receive(self, deadline: float) -> Reply:
        """Return the next reply.

        Args:
            deadline: When to give up, on the clock of time.monotonic().

        Raises:
            TimeoutError: The deadline has passed.
            EOFError: The worker has gone.
            ValueError: The line is too long, or no reply.
        """
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_LINE_BYTES:
                raise ValueError(f"a line of over {MAX_LINE_BYTES} bytes: {self._buffer[:80]!r}...")
            _wait(self._readable, deadline)
            chunk = self._read()
            if not chunk:
                raise EOFError("the worker has gone")
            self._buffer += chunk
        if time.monotonic() > deadline:  # a flood of replies is no answer either
            raise TimeoutError("no answer before the deadline")
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            message = parse(line)
        except ValueError as error:
            raise ValueError(f"not JSON: {line[:QUOTED_CHARACTERS]!r} ({error})") from error
        return read_reply(message)

    def _read(self) -> bytes:
        """Read from the pipe without blocking: the worker may be dead while a child of its holds the pipe open."""
        os.set_blocking(self._read_fd, False)
        try:
            return os.read(self._read_fd, CHUNK_BYTES)
        except BlockingIOError:
            return b""


def _wait(poll: select.poll, deadline: float) -> None:
    remaining_ms = max(0.0, deadline - time.monotonic()) * 1000
    if not poll.poll(remaining_ms):
        raise TimeoutError("no answer before the deadline")
