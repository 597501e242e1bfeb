"""The evaluation on the recorded noise: how the gate and the rules of today score, and what the command prints.

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

from perf import cli
from perf.exit_codes import ExitCode
from perf.lab import series
from perf.lab.evaluate import OURS, Score, evaluate
from perf.lab.noise import noise
from perf.stats.decision import BaselineLevels, judge
from perf.stats.verdict import VerdictKind
from tests.builders.runs import DATA
from tests.builders.sessions import session, sessions

ORDINARY = DATA / "noise" / "openvino-static-256.jsonl"
BURSTS = DATA / "noise" / "openvino-static-256-bursts.jsonl"
TRIALS = 100


@pytest.fixture(scope="module")
def scores() -> dict[tuple[str, str, float], Score]:
    all_scores = [
        score for path in (ORDINARY, BURSTS) for score in evaluate(path.stem, series.read(path), trials=TRIALS)
    ]
    return {(score.series, score.rule, score.slowdown_percent): score for score in all_scores}


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


def test_scores_are_seeded() -> None:
    recorded = series.read(BURSTS)
    assert evaluate("x", recorded, trials=5) == evaluate("x", recorded, trials=5)


def test_where_every_session_is_disturbed_nothing_else_is_said() -> None:
    noisy = [session([10.0, 14.0, 12.0 + n], pressure=0.3) for n in range(8)]
    ours = [score for score in evaluate("noisy", noisy, trials=5) if score.rule == OURS]
    assert {score.disturbed_share for score in ours} == {1.0}
    assert {score.flagged_share for score in ours} == {0.0}
    assert judge(BaselineLevels.of(noisy[:4]), noisy[4:]).kind is VerdictKind.DISTURBED
    assert str(noise(noisy)) == "8 sessions, every round disturbed"


def test_one_session_cannot_be_divided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series.write(tmp_path / "one.jsonl", sessions(1, seed=1))
    assert cli.main(["evaluate", str(tmp_path / "one.jsonl")]) == ExitCode.BAD_INPUT
    assert "a baseline and a new session are needed" in capsys.readouterr().err


def test_the_command_prints_a_table_and_writes_what_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--trials", "5", "--json", str(tmp_path / "scores.json"), "--plot", str(tmp_path / "curves.svg")]
    assert cli.main(["evaluate", str(ORDINARY), str(BURSTS), *asked]) == 0
    printed = capsys.readouterr().out
    for rule in ("perf", "mean:5%", "min:5%", "Welch", "Mann-Whitney"):
        assert printed.count(f"\n{rule} ") >= 2
    written: list[dict[str, Any]] = json.loads((tmp_path / "scores.json").read_text())
    assert len(written) == 2 * 5 * 5
    keys = {"series", "rule", "slowdown_percent", "flagged_share", "rounds_mean", "sessions_mean"}
    assert all(keys == score.keys() for score in written)
    assert {score["series"] for score in written} == {ORDINARY.stem, BURSTS.stem}
    assert (tmp_path / "curves.svg").read_text().count("</svg>") == 1


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(BURSTS), "--trials", "1", "--json", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert capsys.readouterr().err == f"error: [Errno 21] Is a directory: '{tmp_path}'\n"


def test_a_plot_has_a_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(ORDINARY), "--plot", str(tmp_path / "curves.txt")]) == ExitCode.BAD_INPUT
    assert "must end in .png or .svg" in capsys.readouterr().err
