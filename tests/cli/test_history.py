"""``python -m perf history``: import, list, show, export, prune and rename, on a file of the test's own."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from perf import cli
from perf.exit_codes import ExitCode
from perf.history.connecting import default_url
from perf.history.database import Database
from perf.history.outbox import Outbox
from perf.host.anchors import Recipe
from perf.stats.verdict import VerdictKind
from tests.builders.evidence import evidence
from tests.builders.recorded_runs import judged_row, recorded_row, write_run
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade
from tests.builders.sessions import sessions
from tests.builders.verdicts import verdict_of


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "sd-xeon-perf"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder with the runs of two nights, and a file that is none."""
    folder = tmp_path / "runs"
    folder.mkdir()
    rows = (recorded_row("eager-fp32", [10.0, 10.2, 10.1], evidence()), recorded_row("openvino-static", [4.0, 4.1]))
    write_run(folder / "first.json", *rows)
    judged = judged_row("eager-fp32", sessions(1, seed=1), verdict_of(1.05, VerdictKind.REGRESSED), None) | {
        "anchor": "abc",
        "same_software": True,
    }
    write_run(folder / "second.json", judged, written="2026-11-02T01:00:00+00:00")
    (folder / "other.json").write_text("{}")
    return folder


def history(*arguments: object) -> int:
    return cli.main(["history", *map(str, arguments)])


def test_runs_are_imported_once(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("import", runs) == ExitCode.OK
    said = capsys.readouterr()
    assert said.out == "2 new, 0 known\n"
    assert "left out: " in said.err
    assert "other.json is not a recorded run" in said.err
    history("import", runs / "first.json")
    assert capsys.readouterr().out == "0 new, 1 known\n"


def test_a_file_that_is_no_run_is_one_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("import", runs / "other.json") == ExitCode.BAD_INPUT
    assert "other.json is not a recorded run" in capsys.readouterr().err


def test_a_run_with_a_number_that_is_none_is_left_out(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = runs / "first.json"
    path.write_text(path.read_text().replace('"load_s": 1.0', '"load_s": NaN', 1))
    assert history("import", runs) == ExitCode.OK
    said = capsys.readouterr()
    assert said.out == "1 new, 0 known\n"
    (line,) = [line for line in said.err.splitlines() if "first.json" in line]
    assert "NaN" in line
    assert history("import", path) == ExitCode.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_what_waits_is_sent_with_an_import(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Outbox.default().put(runs / "first.json")
    history("import", runs / "second.json")
    assert capsys.readouterr().out == "1 new, 0 known, 1 that waited\n"


def test_nights_are_listed_and_shown(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("list") == ExitCode.OK
    assert "no night in sqlite:///" in capsys.readouterr().out
    history("import", runs)
    capsys.readouterr()
    history("list", "--last", 1)
    heading, latest = capsys.readouterr().out.splitlines()
    assert heading.split() == ["night", "began", "host", "CPU", "verdicts"]
    assert latest.split()[1:] == ["2026-11-02", "01:00", "runner", "genoa", "1", "regressed"]
    history("show", latest.split()[0])
    shown = capsys.readouterr().out
    assert "AMD EPYC 9R14, tiny" in shown
    assert "eager-fp32" in shown
    assert history("show", "last") == ExitCode.OK
    assert capsys.readouterr().out == shown


def test_a_checked_upgrade_is_listed_and_shown(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_upgrade(runs / "upgrade.json", upgrade_record())
    history("import", runs)
    history("list")
    newest, rest = capsys.readouterr().out.splitlines()[2:4]
    assert "1 regressed, 1 equivalent, 1 invalid by an upgrade" in f"{newest} {rest.strip()}"
    assert history("show", newest.split()[0]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "changed: openvino 2026.3.1 -> 2026.4.1, numpy none -> 2.4\n" in shown
    assert "openvino-static     +4.1 %  +3.3 % to +4.9 %   regressed" in shown


def test_a_name_that_no_night_has_is_one_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history("import", runs)
    assert history("show", "cheese") == ExitCode.BAD_INPUT
    assert history("show", "") == ExitCode.BAD_INPUT
    assert "no night is called 'cheese'; `python -m perf history list`" in capsys.readouterr().err


def exported(form: str, capsys: pytest.CaptureFixture[str], *options: object) -> str:
    capsys.readouterr()
    assert history("export", "--format", form, *options) == ExitCode.OK
    return capsys.readouterr().out


def test_the_history_is_exported(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history("import", runs)
    rows = list(csv.DictReader(io.StringIO(exported("csv", capsys))))
    assert [row["name"] for row in rows] == ["eager-fp32", "openvino-static", "eager-fp32"]
    assert [(row["anchor"], row["anchor_ratio"]) for row in rows] == [("", ""), ("", ""), ("abc", "1.0")]
    lines = [json.loads(line) for line in exported("jsonl", capsys, "--since", "2026-11-02").splitlines()]
    assert [line["began"] for line in lines] == ["2026-11-02T01:00:00+00:00"]
    latest = json.loads(exported("github-benchmark", capsys))
    assert {entry["name"]: entry["unit"] for entry in latest} == {
        "eager-fp32 on runner": "s/image",
        "openvino-static on runner": "s/image",
    }
    metrics = exported("openmetrics", capsys).splitlines()
    assert metrics[0] == "# TYPE sd_perf_latency_seconds gauge"
    assert metrics[-1] == "# EOF"
    assert sum(line.startswith("sd_perf_latency_seconds{") for line in metrics) == 3


def test_rounds_are_thinned_out_and_verdicts_are_not(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history("import", runs / "second.json")
    with Database(default_url()) as database:
        (night,) = database.nights()
        assert len(database.sessions(night["digest"], "eager-fp32")) == 1
    capsys.readouterr()
    history("prune", "--days", 1)
    assert capsys.readouterr().out.startswith("the rounds of 1 workers forgotten")
    with Database(default_url()) as database:
        assert database.sessions(night["digest"], "eager-fp32") == []
        (point,) = database.points()
    assert point.kind == "regressed"


def test_trends_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history("trend")
    assert capsys.readouterr().out == "nothing has changed in 0 nights\n"
    for day in range(1, 29):
        latency_s = 10.0 if day < 15 else 12.0
        run = recorded_row("eager-fp32", [latency_s, latency_s + 0.01, latency_s - 0.01], evidence())
        other = recorded_row("openvino-static", [4.0, 4.01, 3.99], evidence())
        third = recorded_row("bf16-autocast", [6.0, 6.01, 5.99], evidence())
        path = write_run(tmp_path / f"{day}.json", run, other, third, written=f"2026-10-{day:02}T01:00:00+00:00")
        assert history("import", path) == ExitCode.OK
    capsys.readouterr()
    assert history("trend", "--fail") == ExitCode.FAILED
    (said,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("eager-fp32: latency ")]
    assert "since 2026-10-15" in said


def test_software_that_has_not_changed_is_not_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged = judged_row("eager-fp32", sessions(1, seed=1), verdict_of(1.0, VerdictKind.UNCHANGED), None)
    anchor = {"anchor": Recipe.of(judged["stack"]).digest, "same_software": True}
    for day in (1, 2):
        run = write_run(tmp_path / f"{day}.json", judged | anchor, written=f"2026-11-0{day}T01:00:00+00:00")
        history("import", run)
    capsys.readouterr()
    assert history("trend") == ExitCode.OK
    assert capsys.readouterr().out == "nothing has changed in 2 nights\n"


def test_a_row_that_was_renamed_has_one_history(runs: Path) -> None:
    history("import", runs)
    history("rename", "openvino-static", "openvino-256")
    with Database(default_url()) as database:
        assert {point.name for point in database.points()} == {"eager-fp32", "openvino-256"}
