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
            division = trial.division
            old = {session.rounds for session in division.baseline}
            new = {session.rounds for session in division.fresh}
            assert not old & new
            assert (len(division.baseline), len(division.fresh)) == (19, 5)
            assert trial.previous in division.baseline


@pytest.mark.parametrize(("order", "later_s"), [("recorded", 0), ("next-night", 86400)])
def test_neighbours_in_time_are_drawn_together(order: str, later_s: float) -> None:
    recorded = series.read(ORDINARY)
    all_rounds = [session.rounds for session in recorded]
    for trial in trials.draw(recorded, 20, order):
        fresh = trial.division.fresh
        start = all_rounds.index(fresh[0].rounds)
        assert [session.rounds for session in fresh] == all_rounds[start : start + 5]
        assert fresh[0].measured_s == recorded[start].measured_s + later_s


@pytest.mark.parametrize("order", trials.ORDERS)
def test_a_young_baseline_is_part_of_an_older(order: str) -> None:
    recorded = series.read(ORDINARY)
    young, old = (list(trials.draw(recorded, 10, order, baseline_sessions=count)) for count in (4, 12))
    for fewer, more in zip(young, old, strict=True):
        assert [len(fewer.division.baseline), len(more.division.baseline)] == [4, 12]
        assert all(session in more.division.baseline for session in fewer.division.baseline)
        assert fewer.division.fresh == more.division.fresh
        assert fewer.previous == more.previous


def test_draws_that_coincide_share_their_division() -> None:
    few = [session([10.0 + n]) for n in range(4)]
    drawn = list(trials.draw(few, 50, "recorded"))
    assert len({trial.division for trial in drawn}) == 3, "two fresh ones begin at one of three sessions"
    for division in {trial.division for trial in drawn}:
        assert [record.rounds[0].latency_s for record in division.baseline] == sorted(
            record.rounds[0].latency_s for record in division.baseline
        )


def test_streams_are_independent_and_seeded() -> None:
    recorded = series.read(ORDINARY)

    def previous(stream: int) -> list[float]:
        return [trial.previous.measured_s for trial in trials.draw(recorded, 10, "shuffled", stream=stream)]

    assert previous(0) == previous(0) != previous(1)


def test_a_planted_slowdown_is_work() -> None:
    (slow,) = trials.slowed(session([10.0]), 5).rounds
    assert slow.latency_s == pytest.approx(10.5)
    assert slow.cpu_s == pytest.approx(21.0)
