"""The parent's side of the wire (perf.worker.wire): JSON lines over two pipes, read with a deadline, never polled."""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

MAX_LINE_BYTES = 1 << 20
CHUNK_BYTES = 1 << 16

Message = dict[str, Any]


class Channel:
    """The parent's ends of a worker's two pipes. ``pid_fd`` is the worker's pidfd: its death wakes the reader."""

    def __init__(self, write_fd: int, read_fd: int, pid_fd: int) -> None:
        self._write_fd, self._read_fd = write_fd, read_fd
        self._buffer = b""
        self._poll = select.poll()
        for descriptor in (read_fd, pid_fd):
            self._poll.register(descriptor, select.POLLIN)

    def send(self, message: Message) -> None:
        """Write one request. Raises EOFError if the worker has gone."""
        try:
            os.write(self._write_fd, json.dumps(message).encode() + b"\n")
        except BrokenPipeError as error:
            raise EOFError("the worker has closed its end") from error

    def receive(self, deadline: float) -> Message:
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
            self._wait(deadline)
            chunk = self._read()
            if not chunk:
                raise EOFError("the worker has gone")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return self._parse(line)

    def _wait(self, deadline: float) -> None:
        remaining_ms = max(0.0, deadline - time.monotonic()) * 1000
        if not self._poll.poll(remaining_ms):
            raise TimeoutError("no answer before the deadline")

    def _read(self) -> bytes:
        """Read from the pipe without blocking: the worker may be dead while a child of its holds the pipe open."""
        os.set_blocking(self._read_fd, False)
        try:
            return os.read(self._read_fd, CHUNK_BYTES)
        except BlockingIOError:
            return b""

    @staticmethod
    def _parse(line: bytes) -> Message:
        try:
            message = json.loads(line)
        except ValueError as error:
            raise ValueError(f"not JSON: {line[:80]!r}") from error
        if not isinstance(message, dict) or not isinstance(message.get("reply"), str):
            raise ValueError(f"not a reply: {line[:80]!r}")
        return message
