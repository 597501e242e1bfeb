"""``python -m perf table``: of a file and of a night, on the terminal and in a file, and what cannot be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perf import cli
from perf.exit_codes import ExitCode
from perf.history.checked_upgrade import read_upgrade
from perf.history.database import Database
from perf.history.night import read_night
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade
from tests.builders.whole_ladders import ladder_record, write_ladder

UPGRADE_NAME = 10  # digits of a digest, as `history list` shows it


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_ladder(tmp_path / "run.json", ladder_record())


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'history.sqlite'}"


def table(*arguments: object) -> int:
    return cli.main(["table", *map(str, arguments)])


def keep(address: str, *paths: Path) -> list[str]:
    """Keep runs of the ladder, and return their names."""
    nights = [read_night(path) for path in paths]
    with Database(address) as database:
        for night in nights:
            database.add(night)
    return [night.digest[:UPGRADE_NAME] for night in nights]


def test_a_run_at_80_columns(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert table(whole) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Stable Diffusion on AMD EPYC 9R14 (genoa)"
    assert max(map(len, lines)) <= 80
    titles = [line for line in lines if line in {"Speed", "Parts", "Proof", "Kernels"}]
    assert titles == ["Speed", "Parts", "Proof", "Kernels"]


def test_the_last_night_is_the_default_and_can_be_named(
    tmp_path: Path, whole: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    later = write_ladder(tmp_path / "later.json", ladder_record(when="2026-11-02T02:00:00+00:00", speed=2.0))
    (name, _) = keep(address, whole, later)
    upgraded = write_upgrade(tmp_path / "upgrade.json", upgrade_record("2026-11-03T02:00:00+00:00"))
    with Database(address) as database:
        database.add(read_upgrade(upgraded))
    assert table("--history", address) == ExitCode.OK
    by_default = capsys.readouterr().out
    assert "measured: 2026-11-02 02:00 UTC" in by_default
    assert table("last", "--history", address) == ExitCode.OK
    assert capsys.readouterr().out == by_default
    assert table(name, "--history", address) == ExitCode.OK
    assert "measured: 2026-11-01 02:00 UTC" in capsys.readouterr().out


def test_a_night_and_its_file_have_the_same_figures(
    whole: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(address, whole)
    assert table(whole) == table("--history", address) == ExitCode.OK
    _, *texts = capsys.readouterr().out.split("Stable Diffusion on ")
    by_file, by_history = (text.partition("\nSpeed\n")[2] for text in texts)
    assert by_file.replace("all 8", "all").split() == by_history.split()


def test_a_page_is_written(tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "pages" / "table.md"
    assert table(whole, "--markdown", "--output", page) == ExitCode.OK
    assert capsys.readouterr().out == ""
    assert table(whole, "--markdown") == ExitCode.OK
    assert page.read_text() == capsys.readouterr().out
    assert page.read_text().startswith("# Stable Diffusion on AMD EPYC 9R14 (genoa)\n")
    assert str(tmp_path) not in page.read_text()


def test_a_run_that_was_cut_has_the_rows_that_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = ladder_record()
    record["benchmarks"] = record["benchmarks"][:2]
    del record["benchmarks"][1]["extra_info"]["verdict"]
    assert table(write_ladder(tmp_path / "cut.json", record)) == ExitCode.OK
    text = " ".join(capsys.readouterr().out.split())
    assert "not in this run: eager-fp32-tcmalloc, bf16-autocast, bf16-channels-last" in text


def fails(capsys: pytest.CaptureFixture[str], said: str, *arguments: object) -> None:
    assert table(*arguments) == ExitCode.BAD_INPUT
    out, error = capsys.readouterr()
    assert out == ""
    assert said in error
    assert error.count("\n") == 1


def test_no_such_night(whole: Path, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    keep(address, whole)
    fails(capsys, "no night is called 'cheese'; `python -m perf history list`", "cheese", "--history", address)
    fails(capsys, "nowhere.json is not a recorded run of this suite", "nowhere.json")


def test_an_empty_history(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    fails(capsys, "history.sqlite holds no run of the ladder; `tox run -e perf` keeps one", "--history", address)


def test_upgrade_checks_have_no_table(
    tmp_path: Path, whole: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_upgrade(tmp_path / "upgrade.json", upgrade_record())
    upgrade = read_upgrade(path)
    name = upgrade.digest[:UPGRADE_NAME]
    with Database(address) as database:
        database.add(upgrade)
    fails(capsys, "holds no run of the ladder, only upgrade checks (1)", "--history", address)
    fails(capsys, "upgrade.json is an upgrade check, which has no table", path)
    keep(address, whole)
    fails(capsys, f"{name} is an upgrade check, which has no table", name, "--history", address)


def test_a_run_without_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({**ladder_record(), "benchmarks": []}))
    fails(capsys, "run.json holds no row that was measured", path)


def test_a_file_that_cannot_be_written_is_said_first(
    tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fails(capsys, f"--output {tmp_path}: is a directory", whole, "--output", tmp_path)
