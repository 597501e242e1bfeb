"""Files that are replaced: the new text or the old, and nothing else beside them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from perf.host.replaced_file import HOUR_S, lock_of, replace_text


def left_behind(path: Path, age_s: float = 0.0) -> Path:
    """Return what a writer that was killed has left beside the file."""
    left = path.with_name(f".{path.name}.abcdefgh")
    left.write_text("half")
    os.utime(left, (time.time() - age_s,) * 2)
    return left


def test_a_file_in_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    replace_text(path, "first")
    replace_text(path, "second")
    assert path.read_text() == "second"
    assert path.stat().st_mode & 0o777 == 0o644, "another user's run reads it too"
    assert list(path.parent.iterdir()) == [path]


def test_what_another_writer_may_still_be_writing_stays(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    young = left_behind(path)
    replace_text(path, "text")
    assert young.exists()


@pytest.mark.parametrize(("age_s", "is_locked"), [(2 * HOUR_S, False), (0.0, True)])
def test_what_a_killed_writer_has_left_goes(tmp_path: Path, age_s: float, is_locked: bool) -> None:
    path = tmp_path / "file.json"
    other = left_behind(tmp_path / "other.json", age_s)
    lock_of(path).touch()
    left_behind(path, age_s)
    replace_text(path, "text", is_locked=is_locked)
    assert set(tmp_path.iterdir()) == {path, other, lock_of(path)}


def test_a_failed_write_leaves_the_old_text_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    replace_text(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_text(path, "new")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])
