"""Rounds as they are measured: which warm up, which count, and how they are described."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.errors import BadRecord
from perf.measure.pedantic import EnoughRounds
from perf.measure.rounds import Rounds
from perf.records.sample import Sample
from perf.spec.protocol import Protocol, Size
from tests.builders.samples import sample

PROTOCOL = Protocol(size=Size(64, 64), rounds=2, budget_s=1e6)


def disturbed(latency_s: float) -> Sample:
    timed = sample(latency_s)
    return replace(timed, conditions=replace(timed.conditions, cpu_pressure_s=latency_s))


def rounds_of(*samples: Sample) -> Rounds:
    rounds = Rounds(PROTOCOL, warmup_rounds=1)
    rounds.add(sample(9.0))
    for timed in samples:
        rounds.begin()
        rounds.add(timed)
    return rounds


def test_warm_ups_come_first_and_do_not_count() -> None:
    rounds = Rounds(PROTOCOL, warmup_rounds=1)
    assert rounds.is_warming_up
    assert rounds.describe_next() == "warm-up, 10 steps"
    rounds.add(sample(9.0))
    assert (len(rounds.warmups), len(rounds.samples)) == (1, 0)
    assert rounds.describe_next() == "round 1/2"
    assert rounds.left_s(0.5) is None


def test_disturbed_rounds_are_measured_again_and_said() -> None:
    rounds = rounds_of(sample(2.0), disturbed(3.0))
    assert rounds.describe_next() == "round 2/2, 1 disturbed so far"
    rounds.add(sample(2.0))
    assert rounds.summary() == "2 s/image, median of 3, 1 of them disturbed"
    with pytest.raises(EnoughRounds):
        rounds.begin()


def test_the_time_left_is_that_of_the_rounds_that_are_wanted() -> None:
    assert rounds_of(sample(2.0)).left_s(0.25) == pytest.approx(1.5)


def test_a_sample_of_other_steps_than_were_asked_for_is_refused() -> None:
    timed = sample(2.0)  # of 20 steps, and one call of the UNet
    with pytest.raises(BadRecord, match="steps is 20, where 10 were asked for"):
        timed.check_steps(10)
    with pytest.raises(BadRecord, match="unet_steps_s has 1 times, of 20 steps"):
        timed.check_steps(20)
