"""The cache on disk: things made once per machine, complete or absent. Used by parent and worker alike."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock

from perf.errors import BadInput, NoSpace
from perf.host.regular_file import read_text
from perf.host.replaced_file import replace_text

PARTIAL = ".partial"
FOLDER_MODE = 0o755
DIGEST = re.compile(r"[0-9a-f]{64}")
DIGEST_BYTES = 64
SPARE_BYTES = 256 * 1024**2
KEPT_S = 14 * 24 * 3600.0
KEPT_AT_LEAST = 3


def cache_dir() -> Path:
    """Return the folder for checkpoints and exports: $PERF_CACHE, else sd-xeon-perf in the user's cache directory."""
    if configured := os.environ.get("PERF_CACHE"):
        return Path(configured).expanduser().absolute()
    if configured := os.environ.get("XDG_CACHE_HOME"):
        return Path(configured) / "sd-xeon-perf"
    try:
        return Path.home() / ".cache" / "sd-xeon-perf"
    except RuntimeError:  # neither HOME nor an entry of this user id, as in some containers
        raise BadInput("this user has no home directory for the cache: set PERF_CACHE to a folder") from None


def make_once(
    target: Path,
    make: Callable[[Path], None],
    need_bytes: int,
    is_usable: Callable[[Path], bool] = Path.exists,
) -> Path:
    """Return ``target``, made by ``make(folder)`` unless it exists.

    It is made in a folder beside it and renamed when complete, under a file lock: a killed run leaves nothing
    half made, and the second of two simultaneous runs waits. The folder has a name of this run's own, so that what
    still writes for a killed one writes elsewhere. One that is no longer usable is removed first.

    Raises:
        NoSpace: The disk has no room; nothing was written.
        OSError: The cache cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f"{target.name}.lock")):
        if target.exists() and is_usable(target):
            os.utime(target)
            return target
        for leftover in (target, *partials(target)):
            remove(leftover)
        require_space(target.parent, need_bytes, target.name)
        partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=PARTIAL, dir=target.parent))
        try:
            partial.chmod(FOLDER_MODE)
            make(partial)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target


def partials(target: Path) -> list[Path]:
    """Return the folders in which ``target`` is being made, or was when its maker was killed."""
    return list(target.parent.glob(f"{glob.escape(target.name)}.*{PARTIAL}"))


def remove(path: Path) -> None:
    """Remove a folder, or whatever else is in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def forget_unused(folder: Path) -> None:
    """Remove what ``make_once`` made in ``folder`` and nobody has asked for lately; every release adds some GB.

    The last few stay whatever the clock says: it may be wrong, and another run may be using them.
    """
    made = [path for path in folder.iterdir() if path.is_dir()] if folder.exists() else []
    made.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in made[KEPT_AT_LEAST:]:
        if time.time() - path.stat().st_mtime > KEPT_S:
            shutil.rmtree(path, ignore_errors=True)


def require_space(folder: Path, need_bytes: int, what: str, variable: str = "PERF_CACHE") -> None:
    """Raise NoSpace unless the disk of ``folder`` has room for ``need_bytes`` and some to spare.

    The error says which variable of the environment names another folder.
    """
    free = shutil.disk_usage(folder).free
    if free < need_bytes + SPARE_BYTES:
        raise NoSpace(
            f"no space for {what}: it needs {need_bytes / 1e9:.1f} GB under {folder}, {free / 1e9:.1f} GB are free; "
            f"free up some, or set {variable} to a folder on a larger disk"
        )


def size_bytes(folder: Path) -> int:
    """Return how much the files below ``folder`` hold together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def content_digest(folder: Path, files: Iterable[Path]) -> str:
    """Return the SHA-256 of these files below ``folder``, paths and bytes in order. Remembered until one changes."""
    files = list(files)
    listing = hashlib.sha256(os.fsencode(folder.resolve()))
    for path in files:
        state = path.stat()
        listing.update(b"%s %d %d\n" % (os.fsencode(path.relative_to(folder)), state.st_size, state.st_mtime_ns))
    memo = cache_dir() / "digests" / listing.hexdigest()
    with contextlib.suppress(OSError, ValueError):
        if DIGEST.fullmatch(known := read_text(memo, at_most=DIGEST_BYTES)):
            return known
    digest = _digest(folder, files)
    replace_text(memo, digest)
    return digest


def _digest(folder: Path, files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        whole.update(b"%s %s\n" % (os.fsencode(path.relative_to(folder)), content.encode()))
    return whole.hexdigest()
