"""Trials: which sessions are drawn together, and what a planted slowdown is."""

from __future__ import annotations

import pytest

from perf.lab import series, trials
from tests.builders.runs import DATA
from tests.builders.sessions import session

ORDINARY = DATA / "noise" / "openvino-static-256.jsonl"


def test_no_session_is_both_old_and_new() -> None:
    recorded = series.read(ORDINARY)
    for order in trials.ORDERS:
        for trial in trials.draw(recorded, 20, order):
            old = {session.rounds for session in trial.baseline}
            new = {session.rounds for session in trial.fresh}
            assert not old & new
            assert (len(trial.baseline), len(trial.fresh)) == (19, 5)


@pytest.mark.parametrize(("order", "later_s"), [("recorded", 0), ("next-night", 86400)])
def test_neighbours_in_time_are_drawn_together(order: str, later_s: float) -> None:
    recorded = series.read(ORDINARY)
    all_rounds = [session.rounds for session in recorded]
    for trial in trials.draw(recorded, 20, order):
        start = all_rounds.index(trial.fresh[0].rounds)
        assert [fresh.rounds for fresh in trial.fresh] == all_rounds[start : start + 5]
        assert trial.fresh[0].measured_s == recorded[start].measured_s + later_s


def test_a_planted_slowdown_is_work() -> None:
    (slow,) = trials.slowed(session([10.0]), 5).rounds
    assert slow.latency_s == pytest.approx(10.5)
    assert slow.cpu_s == pytest.approx(21.0)
