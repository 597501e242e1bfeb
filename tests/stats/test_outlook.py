"""The outlook of a baseline: against what verdicts see in the end, on recorded and on made sessions."""

from __future__ import annotations

import datetime
import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from perf.lab import series
from perf.lab.trials import DAY, dated, draw
from perf.records.session_record import SessionRecord
from perf.stats.belief import BELIEF, NIGHT_SHARES
from perf.stats.decision import BaselineLevels, judge
from perf.stats.level import TYPICAL_ROUNDS, Level
from perf.stats.outlook import FUTURES, Noise, Outlook, Plan, outlook, possible_noises, possible_values
from perf.stats.verdict import MAX_SESSIONS
from perf.stats.watch import LATENCY
from tests.builders.runs import DATA
from tests.builders.sessions import DAY_S, session, sessions

KEPT = 20
ROW = "row"


def outlook_of(baseline: Sequence[SessionRecord], tolerance: float = 0.03) -> Outlook:
    return outlook(ROW, {ROW: BaselineLevels.of(baseline)}, tolerance, kept=KEPT)


def seen(baseline: Sequence[SessionRecord], new: Sequence[SessionRecord]) -> float:
    sees = judge(BaselineLevels.of(baseline), new, looks=len(new)).sees
    assert sees is not None
    return sees


def steady(count: int, *, nights: int = 1, first: int = 1, seed: int = 1, sd: float = 0.002) -> list[SessionRecord]:
    """Return ``count`` sessions on each of some nights of a machine that hardly differs from one night to the next."""
    records = []
    generator = np.random.default_rng(seed)
    for day in range(first, first + nights):
        for number in range(count):
            level = generator.normal(0, sd)
            record = session((10 * np.exp(level + generator.normal(0, sd, 5))).tolist(), day=day)
            records.append(dated(record, datetime.timedelta(minutes=10 * number)))
    return records


@pytest.mark.parametrize("name", ["openvino-static-256", "turin-bf16-channels-last-256-10steps", "bf16-autocast-256"])
def test_it_tells_what_the_verdicts_of_another_night_see(name: str) -> None:
    recorded = series.read(DATA / "noise" / f"{name}.jsonl")
    misjudged = []
    for trial in draw(recorded, 6, "shuffled"):
        new = [dated(record, DAY) for record in trial.division.fresh]
        if len(new) == MAX_SESSIONS or name == "bf16-autocast-256":
            expected = outlook_of(trial.division.baseline, tolerance=1.0).sees
            misjudged.append(math.log(expected) / math.log(seen(trial.division.baseline, new)))
    assert statistics.median(misjudged) == pytest.approx(1, abs=0.2)
    assert max(misjudged) / min(misjudged) < 2


def test_a_plan_that_is_followed_gets_there() -> None:
    expected = outlook_of(steady(10))
    assert expected.plan is not None
    assert expected.sees > 1.03 >= (expected.sees_then or math.inf)
    more = steady(expected.plan.sessions, nights=expected.plan.nights, first=2, seed=2)
    new = steady(MAX_SESSIONS, first=2 + expected.plan.nights, seed=3)
    assert seen([*steady(10), *more], new) <= 1.03


def test_no_smaller_plan_would_do() -> None:
    baseline = steady(10)
    plan = outlook_of(baseline).plan
    assert plan is not None
    looser, tighter = outlook_of(baseline, tolerance=0.035), outlook_of(baseline, tolerance=0.025)
    assert (looser.plan or Plan(nights=0, sessions=0)).nights <= plan.nights
    assert tighter.plan is not None
    assert tighter.plan.nights >= plan.nights


def test_a_young_baseline_of_a_noisy_machine_has_no_plan_that_does() -> None:
    expected = outlook_of(sessions(3, seed=1, sd=0.02))
    assert expected.sees_then is not None
    assert 1.03 < expected.sees_then < expected.sees
    assert expected.plan is not None
    assert expected.plan.nights * expected.plan.sessions <= KEPT


def test_the_other_rows_and_their_number_count() -> None:
    """Their sessions tell of the noise, and they share the false alarms."""
    young = BaselineLevels.of(steady(2))
    calm = {f"row {number}": BaselineLevels.of(steady(5, nights=3, seed=number)) for number in range(3)}
    wild = {f"row {number}": BaselineLevels.of(steady(5, nights=3, seed=number, sd=0.02)) for number in range(3)}
    twice_calm = calm | {f"{name} again": levels for name, levels in calm.items()}
    seen_among = [
        outlook(ROW, {ROW: young} | others, tolerance=1.0, kept=KEPT).sees for others in (calm, twice_calm, wild)
    ]
    assert seen_among == sorted(seen_among)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (Outlook(sees=1.0214, tolerance=0.03), "it sees 2.1 % on another night"),
        (
            Outlook(sees=1.0524, tolerance=0.03, plan=Plan(nights=2, sessions=4), sees_then=1.0299),
            "it sees 5.2 % on another night; about 4 sessions more on each of 2 more nights until it sees 3 %",
        ),
        (
            Outlook(sees=1.0524, tolerance=0.03, plan=Plan(nights=1, sessions=1), sees_then=1.0299),
            "it sees 5.2 % on another night; about 1 session more on one more night until it sees 3 %",
        ),
        (
            Outlook(sees=1.2214, tolerance=0.025, plan=Plan(nights=10, sessions=2), sees_then=1.1164),
            "it sees 22 % on another night; 2.5 % is probably out of its reach: 2 sessions more on each of 10 more "
            "nights would make it about 12 %",
        ),
    ],
)
def test_it_is_stated_in_a_line(expected: Outlook, text: str) -> None:
    assert str(expected) == text


def test_it_says_the_same_each_time() -> None:
    first, second = (outlook_of([session([10.0])], tolerance=1.0) for _ in range(2))
    assert first == second
    assert first.sees > 1.03, "a single round tells little"


def levels_of(values: Sequence[float], apart_s: float) -> list[Level]:
    return [Level(value, None, TYPICAL_ROUNDS, number * apart_s) for number, value in enumerate(values)]


def test_noises_are_drawn_in_the_proportions_of_the_belief() -> None:
    """Of one session, nothing is learnt; the weights of the nights are 0.2, 0.4, 0.4."""
    noises = possible_noises(levels_of([0.0], 0.0), LATENCY.prior, BELIEF, np.random.default_rng(1))
    counts = np.bincount([noise.night for noise in noises], minlength=len(NIGHT_SHARES))
    assert len(noises) == FUTURES
    assert counts / FUTURES == pytest.approx(BELIEF.weights.sum(axis=(0, 2)), abs=0.25)


def test_values_are_drawn_around_the_known_ones_with_the_variance_of_the_model() -> None:
    """Of ten known nights, each of luck 1 + 4 times that of a session: the next is off by as much, and a tenth more."""
    known = levels_of([1.0, 3.0] * 5, DAY_S)
    future = [replace(known[0], measured_s=10 * DAY_S)]
    noise = Noise(drift=0, night=NIGHT_SHARES.index(4.0), variance=0.01)
    generator = np.random.default_rng(2)
    values = np.array([possible_values(known, future, LATENCY.prior, noise, generator)[0] for _ in range(4000)])
    assert values.mean() == pytest.approx(2.0, abs=0.02)
    assert values.var() == pytest.approx(0.01 * 5 * 1.1, rel=0.08)
