"""Windows in which workers made images side by side: throughput by hand, and by a simulation of many windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.errors import BadRecord
from perf.records.counts import Counts, GenerationCounts
from perf.records.part import Part
from perf.records.sample import Conditions, Parts, Sample
from perf.stats.window import images_within, window_s, window_sample

LATENCIES_S = st.lists(st.floats(0.1, 100), min_size=1, max_size=4)


def call(latency_s: float, ended_s: float, **conditions: Any) -> Sample:
    """Return a call of which a tenth is the text encoder's, and two UNet steps take 0.4 each."""
    parts = Parts(
        text_encoder_s=0.1 * latency_s,
        unet_steps_s=(0.4 * latency_s, 0.4 * latency_s),
        vae_decode_s=0.05 * latency_s,
        safety_checker_s=0.0,
        rest_s=0.05 * latency_s,
    )
    usual = Conditions(
        cpu_s=latency_s, peak_rss_bytes=1000, involuntary_switches=4, cpu_pressure_s=0.1 * latency_s, steal_s=0.0
    )
    return Sample(steps=2, latency_s=latency_s, parts=parts, conditions=replace(usual, **conditions), ended_s=ended_s)


def calls(began_s: float, latencies_s: Sequence[float]) -> list[Sample]:
    """Return calls one after the other."""
    ended_s, made = began_s, []
    for latency_s in latencies_s:
        ended_s += latency_s
        made.append(call(latency_s, ended_s))
    return made


def test_two_workers_of_ten_seconds_make_an_image_every_five() -> None:
    workers = [calls(100, [10, 10]), calls(100, [10, 10])]
    assert (window_s(workers), images_within(workers, 1)) == (20, 4)
    sample = window_sample(workers, 1)
    assert sample.latency_s == 5
    assert sample.parts.unet_steps_s == pytest.approx((2.0, 2.0))
    assert sample.parts.text_encoder_s == pytest.approx(0.5)
    assert sample.ended_s == 120


def test_a_batch_of_three_in_ten_seconds_is_an_image_every_three_and_a_third() -> None:
    sample = window_sample([calls(100, [10, 10])], 3)
    assert sample.latency_s == pytest.approx(10 / 3)
    assert sample.conditions.cpu_s == pytest.approx(10 / 3)


def test_the_window_ends_with_the_first_worker_and_a_call_that_it_cuts_off_counts_in_part() -> None:
    workers = [calls(100, [10, 10]), calls(101, [12, 12])]
    assert window_s(workers) == 19  # from 101 to 120
    # 9 of the first call's 10 seconds and all of the second; all of the third, and 7 of the fourth's 12
    assert images_within(workers, 1) == pytest.approx(0.9 + 1 + 1 + 7 / 12)
    assert window_sample(workers, 1).latency_s == pytest.approx(19 / (2.9 + 7 / 12))


def test_a_call_outside_the_window_counts_nothing() -> None:
    workers = [calls(100, [1, 10]), calls(102, [9, 9])]
    assert images_within(workers, 1) == pytest.approx(0.9 + 1)  # from 102 to 111


def test_the_machine_is_seen_once_and_the_workers_are_added_up() -> None:
    first, second = (
        call(10, 110, cpu_s=20.0, peak_rss_bytes=1000, involuntary_switches=10, cpu_pressure_s=2.0, steal_s=1.0),
        call(10, 110, cpu_s=10.0, peak_rss_bytes=3000, involuntary_switches=20, cpu_pressure_s=2.0, steal_s=1.0),
    )
    conditions = window_sample([[first], [second]], 1).conditions
    assert conditions == Conditions(
        cpu_s=15.0, peak_rss_bytes=4000, involuntary_switches=15, cpu_pressure_s=1.0, steal_s=0.5
    )


def test_counts_are_those_of_an_image() -> None:
    counts = GenerationCounts(
        parts={Part.UNET_STEP: Counts(instructions=1000, task_clock_s=3.0)}, rest=Counts(instructions=11, page_faults=2)
    )
    counted = [replace(each, counts=counts) for each in calls(100, [10, 10])]
    sample = window_sample([counted, counted], 2)
    assert sample.counts == GenerationCounts(
        parts={Part.UNET_STEP: Counts(instructions=500, task_clock_s=1.5)}, rest=Counts(instructions=6, page_faults=1)
    )
    assert window_sample([counted, calls(100, [10, 10])], 2).counts is None


@pytest.mark.parametrize("unknown", ["peak_rss_bytes", "cpu_pressure_s"])
def test_what_one_worker_does_not_know_is_not_known(unknown: str) -> None:
    workers = [calls(100, [10]), [call(10, 110, **{unknown: None})]]
    assert getattr(window_sample(workers, 1).conditions, unknown) is None


def test_workers_that_did_not_work_side_by_side_make_no_window() -> None:
    with pytest.raises(BadRecord, match="did not work side by side"):
        window_sample([calls(100, [10]), calls(110, [10])], 1)


def test_a_worker_that_does_not_say_when_it_ended_makes_no_window() -> None:
    with pytest.raises(BadRecord, match="ended_s is missing"):
        window_sample([[replace(call(10, 110), ended_s=None)]], 1)


@given(LATENCIES_S, LATENCIES_S, st.floats(0, 0.05), st.integers(1, 4))
def test_parts_add_up_and_no_more_images_are_counted_than_were_made(
    first: list[float], second: list[float], late_s: float, batch: int
) -> None:
    workers = [calls(1000, first), calls(1000 + late_s, second)]
    sample = window_sample(workers, batch)
    sample.check_parts()
    assert images_within(workers, batch) <= batch * (len(first) + len(second)) + 1e-9
    fastest, slowest = (limit([*first, *second]) / (2 * batch) for limit in (min, max))
    assert fastest * (1 - 1e-9) <= sample.latency_s <= slowest * (1 + 1e-9)
