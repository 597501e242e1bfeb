"""The evaluation on the recorded noise: how the gate and the rules of today score.

tests/data/noise holds identical sessions of one row each, recorded one after another on virtual machines of two cores.
Two of the five, both OpenVINO static at 256x256, 10 steps. A line is a session, # a second of its median, * a
disturbed round:

    openvino-static-256, an ordinary quarter of an hour     -bursts, something else at work now and then
     4.75  ......                                            4.91  ......
     4.76  ..**..   two rounds beside something else         4.87  ...*..
     4.54  ......                                            5.22  ....**
     4.64  ......                                            7.61  .****.
     4.92  ......   drifted by 6 % since the line above      8.36  ****..
"""

from __future__ import annotations

import pytest

from perf.errors import BadSeries
from perf.lab import series
from perf.lab.evaluate import OURS, SLOWDOWNS_PERCENT, evaluate
from perf.lab.noise import noise
from perf.lab.rules import PEERS
from perf.lab.scores import Score
from perf.lab.trials import ORDERS
from perf.stats.decision import BaselineLevels, judge
from perf.stats.verdict import VerdictKind
from tests.builders.runs import DATA
from tests.builders.sessions import session, sessions

ORDINARY = DATA / "noise" / "openvino-static-256.jsonl"
BURSTS = DATA / "noise" / "openvino-static-256-bursts.jsonl"
TRIALS = 40


@pytest.fixture(scope="module")
def scores() -> dict[tuple[str, str, float], Score]:
    all_scores = [
        score
        for path in (ORDINARY, BURSTS)
        for score in evaluate(path.stem, series.read(path), "shuffled", trials=TRIALS)
    ]
    return {(score.series, score.rule, score.slowdown_percent): score for score in all_scores}


def shares(score: Score) -> float:
    return (
        score.regressed_share
        + score.undecided_share
        + score.unchanged_share
        + score.improved_share
        + score.disturbed_share
    )


@pytest.mark.parametrize("name", [ORDINARY.stem, BURSTS.stem])
def test_the_gate_is_calm_and_sensitive(scores: dict[tuple[str, str, float], Score], name: str) -> None:
    assert scores[name, OURS, 0].regressed_share <= 0.02
    assert scores[name, OURS, 10].regressed_share == 1.0


@pytest.mark.parametrize("rule", ["mean:5%", "Welch", "Mann-Whitney"])
def test_the_rules_of_today_cry_wolf(scores: dict[tuple[str, str, float], Score], rule: str) -> None:
    assert scores[ORDINARY.stem, rule, 0].regressed_share > 0.05
    assert scores[ORDINARY.stem, rule, 5].regressed_share < 0.7


def test_every_rule_is_scored_at_every_slowdown(scores: dict[tuple[str, str, float], Score]) -> None:
    rules = [OURS, *PEERS]
    assert list(scores) == [
        (name, rule, percent)
        for name in (ORDINARY.stem, BURSTS.stem)
        for rule in rules
        for percent in SLOWDOWNS_PERCENT
    ]
    for score in scores.values():
        assert shares(score) == pytest.approx(1)
        assert (score.order, score.trials) == ("shuffled", TRIALS)
        assert 1 <= score.sessions_mean <= 5
    assert scores[ORDINARY.stem, OURS, 0].baseline_sessions == 19
    assert scores[ORDINARY.stem, "Welch", 0].baseline_sessions == 1, "they compare two sessions"


def test_scores_are_seeded() -> None:
    recorded = series.read(BURSTS)
    first, second = (evaluate("x", recorded, "shuffled", trials=5) for _ in range(2))
    assert first == second


def test_the_draws_are_the_same_for_every_slowdown() -> None:
    # Of two speeds, so that a rule which compares two sessions depends on the draw alone until 5 % is planted.
    two_speeds = [session([latency_s, latency_s + 0.01]) for latency_s in (10.0, 11.0) * 4]
    flagged = {
        score.slowdown_percent: score.regressed_share
        for score in evaluate("two speeds", two_speeds, "shuffled", trials=20)
        if score.rule == "mean:5%"
    }
    assert 0 < flagged[0] < 1
    assert flagged[0] == flagged[2] == flagged[3]
    assert flagged[10] > flagged[0]


@pytest.mark.parametrize("order", ORDERS)
def test_a_young_baseline_is_as_short_as_asked_for(order: str) -> None:
    ours = evaluate("young", sessions(12, seed=1), order, trials=3, baseline_sessions=2)[0]
    assert (ours.order, ours.baseline_sessions) == (order, 2)


def test_where_every_session_is_disturbed_nothing_else_is_said() -> None:
    noisy = [session([10.0, 14.0, 12.0 + n], pressure=0.3) for n in range(8)]
    ours = [score for score in evaluate("noisy", noisy, "shuffled", trials=5) if score.rule == OURS]
    assert {score.disturbed_share for score in ours} == {1.0}
    assert {shares(score) for score in ours} == {1.0}
    assert judge(BaselineLevels.of(noisy[:4]), noisy[4:]).kind is VerdictKind.DISTURBED
    assert str(noise(noisy)) == "8 sessions, every round disturbed"


def test_one_session_cannot_be_divided() -> None:
    with pytest.raises(BadSeries, match=r"^short: holds 1 session: a baseline and a new session are needed$"):
        evaluate("short", sessions(1, seed=1), "shuffled")
