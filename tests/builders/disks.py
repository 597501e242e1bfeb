"""Small disks for tests: full, or not to be written."""

from __future__ import annotations

import contextlib
import subprocess
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

Usage = namedtuple("Usage", "total used free")


def fill_disk(monkeypatch: pytest.MonkeyPatch, free_bytes: int) -> None:
    """Let every disk seem to have no more room than that."""
    total_bytes = 10**12
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(total_bytes, total_bytes - free_bytes, free_bytes))


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a disk in memory with these options of mount(8), or skip the test where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
