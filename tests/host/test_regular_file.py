"""Files that would hang a reader or fill its memory, and those that are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perf.host.regular_file import read_bytes, read_tail, read_text


def test_of_a_file_that_fills_the_disk_the_end_alone_is_read(tmp_path: Path) -> None:
    path = tmp_path / "worker.out"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # a terabyte, most of it a hole
        stream.seek(0, os.SEEK_END)
        stream.write(b"the last word")
    assert read_tail(path, at_most=8) == b"ast word"


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes("Käse".encode())
    assert read_text(path, at_most=5) == "Käse"
    assert read_tail(path, at_most=2) == b"se"
    assert read_tail(path, at_most=99) == path.read_bytes()


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"cheese")
    (tmp_path / "link").symlink_to("file")
    assert read_bytes(tmp_path / "link", at_most=6) == b"cheese"


def test_one_byte_too_many_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"cheese")
    with pytest.raises(OSError, match="over 0 MiB"):
        read_bytes(tmp_path / "file", at_most=5)


def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for read in (read_bytes, read_tail):
        with pytest.raises(OSError, match="not a regular file"):
            read(tmp_path / "pipe", 10)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_link_to_a_device_is_refused(tmp_path: Path, device: str) -> None:
    (tmp_path / "link").symlink_to(device)
    with pytest.raises(OSError, match="not a regular file"):
        read_bytes(tmp_path / "link", at_most=10)


def test_files_of_proc_have_a_content_though_they_say_that_they_are_empty() -> None:
    assert Path("/proc/self/stat").stat().st_size == 0
    assert read_bytes(Path("/proc/self/stat"), at_most=4096).startswith(str(os.getpid()).encode())
