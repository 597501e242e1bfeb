"""Things made once: killed makers, two makers at once, digests."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perf.errors import BadInput, NoSpace
from perf.host import cache
from perf.host.stack import ROOT
from tests.builders.disks import fill_disk
from tests.builders.processes import wait_for

DAY_S = 24 * 3600.0

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


def test_a_disk_that_knows_no_locks_is_warned_of_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Lustre is without its option ``flock``. In users' runs a warning is no error."""

    def unknown(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with pytest.warns(UserWarning, match="flock"):
        made = cache.make_once(tmp_path / "made", lambda folder: (folder / "file").touch(), 1000)
    assert (made / "file").exists()


def start_maker(target: Path, seconds: float) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", MAKER, str(target), str(seconds)], env=environment)


def test_a_killed_maker_leaves_nothing_that_passes_for_complete(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with start_maker(target, 60) as maker:
        wait_for(lambda: [*tmp_path.glob("thing.*.partial/first")])
        maker.kill()
    assert not target.exists()
    with start_maker(target, 0) as maker:
        assert maker.wait(30) == 0
    assert sorted(path.name for path in target.iterdir()) == ["first", "second"]
    assert not cache.partials(target)


def test_what_a_killed_maker_s_helper_still_writes_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    """A helper that had outlived its maker went on in the folder that the next run made."""
    target = tmp_path / "thing"
    with start_maker(target, 60) as maker:
        (written,) = wait_for(lambda: [*tmp_path.glob("thing.*.partial/first")])
        maker.kill()

    def make(folder: Path) -> None:
        assert folder != written.parent
        with pytest.raises(FileNotFoundError):
            written.write_text("half")

    assert [*cache.make_once(target, make, 0).iterdir()] == []


@pytest.mark.parametrize("kind", ["file", "link", "pipe"])
def test_what_is_no_folder_gives_way(tmp_path: Path, kind: str) -> None:
    target, precious = tmp_path / "thing", tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    if kind == "file":
        target.touch()
    elif kind == "link":
        target.symlink_to(precious)
    else:
        os.mkfifo(target)
    made = cache.make_once(target, make_nothing, 0, is_usable=lambda path: path.is_dir() and not path.is_symlink())
    assert made.is_dir()
    assert not made.is_symlink()
    assert (precious / "file").exists()


def test_two_makers_at_once_make_it_once(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with start_maker(target, 0.5) as first, start_maker(target, 0.5) as second:
        assert first.wait(30) == second.wait(30) == 0
    assert (tmp_path / "thing.makers").read_text() == "made\n"


def make_nothing(folder: Path) -> None:
    assert folder.is_dir()


def test_what_nobody_has_asked_for_in_a_while_is_forgotten(tmp_path: Path) -> None:
    names = [f"{number} days old" for number in range(13, 20)]
    for days, name in enumerate(names, 13):
        made_s = time.time() - days * DAY_S
        os.utime(cache.make_once(tmp_path / name, make_nothing, 0), (made_s, made_s))
    cache.make_once(tmp_path / names[-1], make_nothing, 0)
    cache.forget_unused(tmp_path)
    kept = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert kept == ["13 days old", "14 days old", "19 days old"]


def test_a_clock_that_is_ahead_forgets_nothing_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("current", "ipex", "candidate"):
        cache.make_once(tmp_path / name, make_nothing, 0)
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 15 * DAY_S)
    cache.forget_unused(tmp_path)
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 3


def test_a_failing_maker_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no more cheese")

    with pytest.raises(RuntimeError, match="no more cheese"):
        cache.make_once(tmp_path / "thing", fail, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]


def test_no_space_says_how_much_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_disk(monkeypatch, 10**9)
    with pytest.raises(NoSpace, match=r"it needs 5\.5 GB under .*, 1\.0 GB are free"):
        cache.make_once(tmp_path / "thing", lambda _: pytest.fail("must not be made"), 5_500_000_000)


def digest_of(folder: Path) -> str:
    return cache.content_digest(folder, sorted(path for path in folder.rglob("*") if path.is_file()))


def test_the_digest_follows_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    folders = [tmp_path / name for name in ("cheese", "same", "other")]
    for folder, text in zip(folders, ("cheese", "cheese", "chalk"), strict=True):
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "file").write_text(text)
    cheese, same, other = map(digest_of, folders)
    assert cheese == same != other
    time.sleep(0.01)
    (folders[0] / "sub" / "file").write_text("chives")
    assert digest_of(folders[0]) != cheese


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("cheese")
    first = digest_of(tmp_path / "folder")
    monkeypatch.setattr(cache, "_digest", lambda *_: pytest.fail("read again"))
    assert digest_of(tmp_path / "folder") == first


@pytest.mark.parametrize("kept", [b"", b"cheese", b"\xff" * 64, b"a" * 65], ids=["empty", "short", "no text", "long"])
def test_a_spoilt_memory_of_a_digest_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bytes
) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("cheese")
    first = digest_of(tmp_path / "folder")
    (memo,) = (tmp_path / "cache" / "digests").iterdir()
    memo.write_bytes(kept)
    assert digest_of(tmp_path / "folder") == first
    assert memo.read_text() == first


def test_a_name_that_is_no_text_has_a_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "folder"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.json")).write_text("cheese")
    assert len(digest_of(folder)) == 64


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


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("PERF_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(BadInput, match="no home directory for the cache: set PERF_CACHE"):
        cache.cache_dir()
