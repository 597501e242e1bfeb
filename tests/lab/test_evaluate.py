"""The evaluation, on the recorded noise: what the gate says of it, and that the scores are of that.

tests/data/noise holds identical sessions of one variant (OpenVINO static, 256x256, 10 steps, 6 rounds), recorded one
after another on a virtual machine of two cores. A line is a session, # a second of its median, * a disturbed round:

    openvino-static-256, an ordinary quarter of an hour     -bursts, something else at work now and then
     4.75  ......                                            4.91  ......
     4.76  ..**..   two rounds beside something else         4.87  ...*..
     4.54  ......                                            5.22  ....**
     4.64  ......                                            7.61  .****.
     4.92  ......   drifted by 6 % since the line above      8.36  ****..
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perf import cli as commands
from perf.errors import BadSeries
from perf.lab import evaluate, series
from perf.lab.evaluate import Score
from perf.records.session_record import SessionRecord
from perf.stats.decision import BaselineLevels, judge
from perf.stats.verdict import VerdictKind
from tests.builders.runs import DATA
from tests.builders.sessions import session, sessions

ORDINARY = DATA / "noise" / "openvino-static-256.jsonl"
BURSTS = DATA / "noise" / "openvino-static-256-bursts.jsonl"
TRIALS = 100


@pytest.fixture(scope="module")
def scores() -> dict[tuple[str, str, float], Score]:
    found = [
        score for path in (ORDINARY, BURSTS) for score in evaluate.evaluate(path.stem, series.read(path), trials=TRIALS)
    ]
    return {(score.series, score.rule, score.slowdown_percent): score for score in found}


@pytest.mark.parametrize("name", [ORDINARY.stem, BURSTS.stem])
def test_the_gate_is_calm_and_sensitive(scores: dict[tuple[str, str, float], Score], name: str) -> None:
    assert scores[name, "perf", 0].flagged_share <= 0.02
    assert scores[name, "perf", 5].flagged_share >= 0.95
    assert scores[name, "perf", 10].flagged_share == 1.0
    assert scores[name, "perf", 0].sessions_mean < 2.5


@pytest.mark.parametrize("rule", ["mean:5%", "Welch", "Mann-Whitney"])
def test_the_rules_of_today_cry_wolf(scores: dict[tuple[str, str, float], Score], rule: str) -> None:
    assert scores[ORDINARY.stem, rule, 0].flagged_share > 0.05
    assert scores[ORDINARY.stem, rule, 5].flagged_share < 0.7


def test_what_the_gate_reads_differs_less_than_medians_do() -> None:
    ordinary, bursts = (evaluate.noise(series.read(path)) for path in (ORDINARY, BURSTS))
    assert (ordinary.sessions, ordinary.rounds, ordinary.disturbed) == (24, 144, 4)
    assert (bursts.sessions, bursts.rounds, bursts.disturbed) == (9, 54, 18)
    assert ordinary.read < 0.6 * ordinary.plain
    assert bursts.read < 0.6 * bursts.plain


def test_trials_are_seeded() -> None:
    recorded = series.read(BURSTS)
    assert evaluate.evaluate("x", recorded, trials=5) == evaluate.evaluate("x", recorded, trials=5)


def test_no_session_is_both_old_and_new() -> None:
    recorded = series.read(ORDINARY)
    for order in evaluate.ORDERS:
        for one in evaluate.draw(recorded, 20, order):
            assert not {x.rounds for x in one.baseline} & {x.rounds for x in one.fresh}
            assert (len(one.baseline), len(one.fresh)) == (19, 5)


@pytest.mark.parametrize(("order", "later_s"), [("recorded", 0), ("next-night", 86400)])
def test_neighbours_in_time_are_drawn_together(order: str, later_s: float) -> None:
    recorded = series.read(ORDINARY)
    all_rounds = [one.rounds for one in recorded]
    for one in evaluate.draw(recorded, 20, order):
        start = all_rounds.index(one.fresh[0].rounds)
        assert [fresh.rounds for fresh in one.fresh] == all_rounds[start : start + 5]
        assert one.fresh[0].measured_s == recorded[start].measured_s + later_s


def test_a_planted_slowdown_is_work() -> None:
    (slow,) = evaluate.slowed(session([10.0]), 5).rounds
    assert slow.latency_s == pytest.approx(10.5)
    assert slow.cpu_s == pytest.approx(21.0)


def test_where_every_session_is_disturbed_nothing_else_is_said() -> None:
    noisy = [session([10.0, 14.0, 12.0 + n], pressure=0.3) for n in range(8)]
    found = [score for score in evaluate.evaluate("noisy", noisy, trials=5) if score.rule == "perf"]
    assert {score.disturbed_share for score in found} == {1.0}
    assert {score.flagged_share for score in found} == {0.0}
    assert judge(BaselineLevels.of(noisy[:4]), noisy[4:]).kind is VerdictKind.DISTURBED
    assert str(evaluate.noise(noisy)) == "8 sessions, every round disturbed"


def test_both_forms_of_a_series_are_read(tmp_path: Path) -> None:
    recorded = sessions(3, seed=1)
    series.write(tmp_path / "ours.jsonl", recorded)
    assert len(series.read(tmp_path / "ours.jsonl")) == 3
    bare = series.read(ORDINARY)
    assert len(bare) == 24
    assert bare[0].rounds[0].latency_s == 4.686974275000011
    assert bare[0].rounds[0].cpu_pressure_s == 0.040809
    probed = [one["probe"][0] for one in json.loads(ORDINARY.read_text().splitlines()[0])["rounds"]]
    assert probed[0] == 0.08759798299979593
    assert bare[0].rounds[0].probe_s == pytest.approx((probed[0] * probed[1]) ** 0.5), "before it and after it"
    assert bare[0].rounds[-1].probe_s == pytest.approx(probed[-1]), "nothing was probed after the last"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no session"),
        ("cheese\n", "line 1: not JSON"),
        ('{"rounds": []}\n', "line 1: rounds is empty"),
        ('{"rounds": [{"cpu": 1}]}\n', r"line 1: rounds\[0\].t is missing"),
        ('{"rounds": [{"t": 1.0}]}\n{"rounds": [{"t": -1}]}\n', r"line 2: rounds\[0\].latency_s -1 cannot"),
        ('{"rounds": {"latency_s": [1]}}\n', "line 1: load_s is missing"),
        ("[" * 100_000 + "\n", "line 1: not JSON"),
        ("7\n", "line 1: the entry is int"),
    ],
)
def test_bad_series_are_named(tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(BadSeries, match=f"bad.jsonl.*{said}"):
        series.read(path)
    assert commands.main(["evaluate", str(path)]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_one_session_cannot_be_divided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series.write(tmp_path / "one.jsonl", sessions(1, seed=1))
    assert commands.main(["evaluate", str(tmp_path / "one.jsonl")]) == 4
    assert "a baseline and a new session are needed" in capsys.readouterr().err


def test_the_command_prints_a_table_and_writes_what_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--trials", "5", "--json", str(tmp_path / "scores.json"), "--plot", str(tmp_path / "curves.svg")]
    assert commands.main(["evaluate", str(ORDINARY), str(BURSTS), *asked]) == 0
    printed = capsys.readouterr().out
    for rule in ("perf", "mean:5%", "min:5%", "Welch", "Mann-Whitney"):
        assert printed.count(f"\n{rule} ") >= 2
    written: list[dict[str, Any]] = json.loads((tmp_path / "scores.json").read_text())
    assert len(written) == 2 * 5 * 5
    keys = {"series", "rule", "slowdown_percent", "flagged_share", "rounds_mean", "sessions_mean"}
    assert all(keys == one.keys() for one in written)
    assert {one["series"] for one in written} == {ORDINARY.stem, BURSTS.stem}
    assert (tmp_path / "curves.svg").read_text().count("</svg>") == 1


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["evaluate", str(BURSTS), "--trials", "1", "--json", str(tmp_path)]) == 4
    assert capsys.readouterr().err == f"error: [Errno 21] Is a directory: '{tmp_path}'\n"


def test_a_plot_has_a_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["evaluate", str(ORDINARY), "--plot", str(tmp_path / "curves.txt")]) == 4
    assert "must end in .png or .svg" in capsys.readouterr().err


def test_records_of_a_series_are_records() -> None:
    for record in series.read(BURSTS):
        assert SessionRecord.from_json(record.to_json()).to_json() == record.to_json()
