"""Things made once: killed makers, two makers at once, digests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from perf.errors import NoSpace
from perf.host import cache
from perf.host.stack import ROOT
from tests.builders.processes import wait_for

MAKER = """
import sys, time
from pathlib import Path
from perf.host.cache import make_once

def make(folder):
    (folder / "first").write_text("1")
    time.sleep(float(sys.argv[2]))
    (folder / "second").write_text("2")
    with Path(sys.argv[1] + ".makers").open("a") as makers:
        makers.write("made\\n")

make_once(Path(sys.argv[1]), make, 1000)
"""


def start_maker(target: Path, seconds: float) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", MAKER, str(target), str(seconds)], env=environment)


def test_a_killed_maker_leaves_nothing_that_passes_for_complete(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with start_maker(target, 60) as maker:
        wait_for((tmp_path / "thing.partial" / "first").exists)
        maker.kill()
    assert not target.exists()
    with start_maker(target, 0) as maker:
        assert maker.wait(30) == 0
    assert sorted(path.name for path in target.iterdir()) == ["first", "second"]
    assert not (tmp_path / "thing.partial").exists()


def test_two_makers_at_once_make_it_once(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with start_maker(target, 0.5) as first, start_maker(target, 0.5) as second:
        assert first.wait(30) == second.wait(30) == 0
    assert (tmp_path / "thing.makers").read_text() == "made\n"


def make_nothing(folder: Path) -> None:
    assert folder.is_dir()


def test_what_nobody_has_asked_for_in_a_while_is_forgotten(tmp_path: Path) -> None:
    old, used = tmp_path / "old", tmp_path / "used"
    for target in (old, used):
        os.utime(cache.make_once(target, make_nothing, 0), (0, 0))
    cache.make_once(used, make_nothing, 0)
    cache.forget_unused(tmp_path)
    assert (old.exists(), used.exists()) == (False, True)


def test_a_failing_maker_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no more cheese")

    with pytest.raises(RuntimeError, match="no more cheese"):
        cache.make_once(tmp_path / "thing", fail, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]


def test_no_space_says_how_much_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**10, 9 * 10**9, 10**9))
    with pytest.raises(NoSpace, match=r"it needs 5\.5 GB under .*, 1\.0 GB are free"):
        cache.make_once(tmp_path / "thing", lambda _: pytest.fail("must not be made"), 5_500_000_000)


def test_the_digest_follows_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    folders = [tmp_path / name for name in ("cheese", "same", "other")]
    for folder, text in zip(folders, ("cheese", "cheese", "chalk"), strict=True):
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "file").write_text(text)
    cheese, same, other = map(cache.content_digest, folders)
    assert cheese == same != other
    time.sleep(0.01)
    (folders[0] / "sub" / "file").write_text("chives")
    assert cache.content_digest(folders[0]) != cheese


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("cheese")
    first = cache.content_digest(tmp_path / "folder")
    monkeypatch.setattr(cache, "_digest", lambda *_: pytest.fail("read again"))
    assert cache.content_digest(tmp_path / "folder") == first


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PERF_CACHE": "/big/disk"}, "/big/disk"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/sd-xeon-perf"),
        ({"HOME": "/home/somebody"}, "/home/somebody/.cache/sd-xeon-perf"),
    ],
)
def test_where_the_cache_is(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PERF_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache.cache_dir() == Path(expected)
