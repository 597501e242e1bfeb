"""``python -m perf compare``: two files, two nights, or one of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perf import cli
from perf.exit_codes import ExitCode
from perf.host.machine import Machine
from perf.stats.verdict import VerdictKind
from tests.builders.machines import GENOA
from tests.builders.recorded_runs import judged_row, write_run
from tests.builders.sessions import sessions
from tests.builders.verdicts import verdict_of

MakeRun = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """Return what writes a run of rows that are all slower by so much."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def make(day: int, slowdown: float, *names: str, machine: Machine = GENOA) -> Path:
        said = verdict_of(1.0, VerdictKind.UNCHANGED)
        rows = [
            judged_row(name, sessions(3, seed=day + number, slowdown=slowdown, sd=0.002), said, None)
            for number, name in enumerate(names)
        ]
        written = f"2026-11-0{day}T01:00:00+00:00"
        return write_run(tmp_path / f"{day}.json", *rows, machine=machine, written=written)

    return make


def compare(*arguments: object) -> int:
    return cli.main(["compare", *map(str, arguments)])


def test_rows_are_judged_by_the_gates_rules(run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("eager-fp32", "openvino-static")
    before, after = run(1, 0.0, *names), run(2, 0.1, *names, "bf16-autocast")
    assert compare(before, after) == ExitCode.OK
    heading, first, second, *rest = capsys.readouterr().out.splitlines()
    assert heading.split() == ["variant", "change", "interval", "verdict", "sees"]
    assert (first.split()[0], second.split()[0]) == names
    assert "regressed" in first
    assert any(line.startswith("geometric mean of 2: +") for line in rest)
    assert rest[-1] == "not compared, since only one of the two has their rounds: bf16-autocast"
    assert compare(before, after, "--fail") == ExitCode.FAILED
    assert compare(before, before, "--fail") == ExitCode.OK


def test_nights_of_the_history_are_named(run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = run(1, 0.0, "eager-fp32"), run(2, 0.1, "eager-fp32")
    assert cli.main(["history", "import", str(before), str(after)]) == ExitCode.OK
    capsys.readouterr()
    assert compare(before, after) == ExitCode.OK
    by_files = capsys.readouterr().out
    assert compare(before, "last") == ExitCode.OK
    assert capsys.readouterr().out == by_files


def test_another_setting_is_said(run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    other = Machine(**{**vars(GENOA), "cores": (0,), "usable_cores": 1})
    compare(run(1, 0.0, "eager-fp32"), run(2, 0.0, "eager-fp32", machine=other))
    assert "not of the same setting: machine cores_used: 2, here 1" in capsys.readouterr().out


def test_nothing_in_common(run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(run(1, 0.0, "eager-fp32"), run(2, 0.0, "openvino-static")) == ExitCode.OK
    assert capsys.readouterr().out.splitlines()[0] == "no row is in both"


def test_a_night_that_is_not_there_is_one_line(run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(run(1, 0.0, "eager-fp32"), "cheese") == ExitCode.BAD_INPUT
    assert "error: no night is called 'cheese'" in capsys.readouterr().err
