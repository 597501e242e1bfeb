"""Files that are written at the end, tried before the beginning: hours of measuring must not end in a full disk."""

from __future__ import annotations

import shutil
import stat
import tempfile
from pathlib import Path

from perf.errors import BadInput

SPARE_BYTES = 32 * 1024**2


def check_output_file(option: str, path: Path) -> None:
    """Raise BadInput unless the file can be written, by all that can be told beforehand; folders may be missing."""
    if path.exists() and not stat.S_ISREG(path.stat().st_mode) and not path.is_char_device():
        raise BadInput(f"{option} {path}: is {'a directory' if path.is_dir() else 'not a file'}")
    nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
    if nearest != path and not nearest.is_dir():
        raise BadInput(f"{option} {path}: {nearest} is not a directory")
    try:
        _try(nearest)
    except OSError as error:
        raise BadInput(f"{option} {path}: {nearest} cannot be written: {error.strerror}") from None
    if shutil.disk_usage(nearest).free < SPARE_BYTES:
        raise BadInput(f"{option} {path}: less than {SPARE_BYTES >> 20} MiB are free there")


def _try(place: Path) -> None:
    """Open a file for writing, or make one in a folder, and leave nothing changed. Raises OSError."""
    if place.is_dir():
        tempfile.TemporaryFile(dir=place).close()
    else:
        place.open("ab").close()
