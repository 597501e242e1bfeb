"""Files that somebody else may have made: only regular ones are read, and no more of one than it can rightly hold.

A name may lead to a pipe that nobody writes to, to a device without end, or to a file that somebody filled the disk
with; none of them may hang a night, or take its memory.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Yield the descriptor of a regular file; opening a pipe that nobody writes to does not wait."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield descriptor
    finally:
        os.close(descriptor)


def read_bytes(path: Path, at_most: int) -> bytes:
    """Return the content of a regular file. Raises OSError, also for one of more than ``at_most`` bytes."""
    with opened(path) as descriptor:
        content = bytearray()
        # To the end: files of /proc say that they are empty, so the size is what was read.
        while chunk := os.read(descriptor, at_most + 1 - len(content)):
            content += chunk
            if len(content) > at_most:
                raise OSError(errno.EFBIG, f"over {at_most >> 20} MiB, which no such file has", str(path))
        return bytes(content)


def read_text(path: Path, at_most: int) -> str:
    """Return the text of a regular file in UTF-8. Raises OSError as ``read_bytes`` does, and UnicodeDecodeError."""
    return read_bytes(path, at_most).decode("utf-8")


def read_tail(path: Path, at_most: int) -> bytes:
    """Return the last bytes of a regular file, ``at_most`` of them. Raises OSError."""
    with opened(path) as descriptor:
        return os.pread(descriptor, at_most, max(0, os.fstat(descriptor).st_size - at_most))
