"""The cache on disk: things made once per machine, complete or absent. Used by parent and worker alike."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from perf.errors import NoSpace

SPARE_BYTES = 256 * 1024**2
KEPT_S = 14 * 24 * 3600.0


def cache_dir() -> Path:
    """Return the folder for checkpoints and exports: $PERF_CACHE, else sd-xeon-perf in the user's cache directory."""
    if configured := os.environ.get("PERF_CACHE"):
        return Path(configured).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sd-xeon-perf"


def make_once(
    target: Path,
    make: Callable[[Path], None],
    need_bytes: int,
    is_usable: Callable[[Path], bool] = Path.exists,
) -> Path:
    """Return ``target``, made by ``make(folder)`` unless it exists.

    It is made in a folder beside it and renamed when complete, under a file lock: a killed run leaves nothing
    half made, and the second of two simultaneous runs waits. One that is no longer usable is removed first. Raises
    NoSpace before anything is written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f"{target.name}.lock")):
        if target.exists() and is_usable(target):
            os.utime(target)
            return target
        shutil.rmtree(target, ignore_errors=True)
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        require_space(target.parent, need_bytes, target.name)
        try:
            partial.mkdir()
            make(partial)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target


def forget_unused(folder: Path) -> None:
    """Remove what ``make_once`` made in ``folder`` and nobody has asked for lately; every release adds some GB."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir() and time.time() - path.stat().st_mtime > KEPT_S:
            shutil.rmtree(path, ignore_errors=True)


def require_space(folder: Path, need_bytes: int, what: str) -> None:
    """Raise NoSpace unless the disk of ``folder`` has room for ``need_bytes`` and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < need_bytes + SPARE_BYTES:
        raise NoSpace(
            f"no space for {what}: it needs {need_bytes / 1e9:.1f} GB under {folder}, {free / 1e9:.1f} GB are free; "
            "free up some, or set PERF_CACHE to a folder on a larger disk"
        )


def content_digest(folder: Path) -> str:
    """Return the SHA-256 of all files below ``folder``, paths and bytes in order. Remembered until a file changes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listing = hashlib.sha256(str(folder.resolve()).encode())
    for path in files:
        state = path.stat()
        listing.update(f"{path.relative_to(folder)} {state.st_size} {state.st_mtime_ns}\n".encode())
    memo = cache_dir() / "digests" / listing.hexdigest()
    if not memo.exists():
        replace_text(memo, _digest(folder, files))
    return memo.read_text()


def _digest(folder: Path, files: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        whole.update(f"{path.relative_to(folder)} {content}\n".encode())
    return whole.hexdigest()


def replace_text(path: Path, text: str) -> None:
    """Write a file beside ``path`` and rename it, so that whoever reads finds the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
