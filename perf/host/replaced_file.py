"""Files that are replaced as a whole: whoever reads one finds the old text or the new, also after a power cut.

What a killed writer has left beside a file begins with a dot and the file's name, and is removed by a later one.
"""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
import time
from pathlib import Path

READABLE_BY_ALL = 0o644
LOCK = ".lock"
HOUR_S = 3600.0


def replace_text(path: Path, text: str, *, is_locked: bool = False) -> None:
    """Write a file beside ``path``, through to the disk, and rename it. Raises OSError and leaves nothing behind then.

    Args:
        path: the file; folders that it lacks are made.
        text: its new content.
        is_locked: whether the caller holds its lock, so that no other writer is at work: what one has left is removed
            at once then, else when it is an hour old.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path, older_than_s=0.0 if is_locked else HOUR_S)
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(fresh).chmod(READABLE_BY_ALL)
        Path(fresh).replace(path)
        _sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(fresh).unlink()
        raise


def lock_of(path: Path) -> Path:
    """Return the file whose lock whoever replaces ``path`` holds, where writers exclude each other."""
    return path.with_name(f".{path.name}{LOCK}")


def _sweep(path: Path, older_than_s: float) -> None:
    for abandoned in set(path.parent.glob(f".{glob.escape(path.name)}.*")) - {lock_of(path)}:
        with contextlib.suppress(FileNotFoundError):  # another writer has removed it
            if time.time() - abandoned.stat().st_mtime >= older_than_s:
                abandoned.unlink()


def _sync_folder(folder: Path) -> None:
    """Have the folder itself written through to the disk, and with it the names of its files."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
