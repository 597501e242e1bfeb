"""Files that are tried before the measuring, which they are written after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.host import output_file
from perf.host.output_file import check_output_file


def test_what_can_be_written_passes_and_is_not_made(tmp_path: Path) -> None:
    check_output_file("--json", tmp_path / "new" / "folder" / "file.json")
    assert not list(tmp_path.iterdir())
    (tmp_path / "there").write_text("cheese")
    check_output_file("--json", tmp_path / "there")
    assert (tmp_path / "there").read_text() == "cheese"
    check_output_file("--json", Path("/dev/null"))


def test_a_directory_a_pipe_and_a_file_in_the_way_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for path, reason in {
        tmp_path: "is a directory",
        tmp_path / "pipe": "is not a file",
        tmp_path / "file" / "below": "file is not a directory",
        Path("/proc/new.json"): "cannot be written",
    }.items():
        with pytest.raises(BadInput, match=rf"--json .*{reason}"):
            check_output_file("--json", path)


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_file, "SPARE_BYTES", 1 << 60)
    with pytest.raises(BadInput, match="are free there"):
        check_output_file("--markdown", tmp_path / "ladder.md")
