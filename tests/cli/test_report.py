"""``python -m perf report``, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf import cli
from perf.history.database import Database
from perf.history.night import read_night
from tests.builders.whole_ladders import ladder_record, write_ladder


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_ladder(tmp_path / "run.json", ladder_record())


def report(*arguments: object) -> int:
    return cli.main(["report", *map(str, arguments)])


def test_a_page_is_written_whole(tmp_path: Path, whole: Path) -> None:
    assert report(whole, "--output", tmp_path / "pages" / "night.html") == 0
    assert (tmp_path / "pages" / "night.html").read_text().rstrip().endswith("</html>")
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["night.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "night.html"], "nothing to report: give runs, RUN.json, or --history URL, or both"),
        (["nowhere.json", "--output", "night.html"], "nowhere.json is not a recorded run of this suite"),
        (["run.json", "--output", "night.pdf"], "--output night.pdf: the name must end in .html"),
        (["run.json", "--output", "."], "--output .: the name must end in .html"),
        (["--history", "sqlite:///new.sqlite", "--output", "night.html"], "no night is in it yet"),
        (["--history", "cheese", "--output", "night.html"], "'cheese' is no address of a history"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    whole: Path,
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(whole.parent)
    assert report(*arguments) == 4
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(whole.parent.glob("night*"))


def test_a_history_whose_verdict_cannot_be_read_says_which_night(
    tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    with Database(address) as database:
        database.add(read_night(whole))
        with database._engine.begin() as connection:
            connection.exec_driver_sql('UPDATE row SET verdict = \'{"kind": "cheese"}\'')
    assert report("--history", address, "--output", tmp_path / "night.html") == 4
    assert "the night of 2026-11-01T02:00:00+00:00 cannot be read" in capsys.readouterr().err
