"""Counts: what they add up to, what follows from them, and JSON both ways."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from perf.errors import BadRecord
from perf.measure.replies import read_reply
from perf.records.counts import Counts, GenerationCounts
from perf.records.part import Part
from perf.records.sample import Sample
from perf.records.session_record import Round
from tests.builders.samples import sample

COUNTS = GenerationCounts(
    parts={
        Part.UNET_STEP: Counts(instructions=900, cycles=600, page_faults=3, task_clock_s=1.5),
        Part.VAE_DECODE: Counts(instructions=90, cycles=60, cache_misses=7, page_faults=0, task_clock_s=0.25),
    },
    rest=Counts(instructions=10, cycles=20, cache_misses=1, page_faults=2, task_clock_s=0.25),
)


def test_the_whole_is_the_sum_of_parts_and_rest_where_all_are_known() -> None:
    assert COUNTS.whole == Counts(instructions=1000, cycles=680, page_faults=5, task_clock_s=2.0)


def test_nothing_adds_up_to_nothing_known() -> None:
    assert Counts.total([]) == Counts()


def test_what_follows_from_counts() -> None:
    counts = Counts(instructions=900, cycles=600, task_clock_s=2e-7)
    assert (counts.instructions_per_cycle, counts.clock_hz) == (1.5, 3e9)
    assert (Counts(cycles=600).instructions_per_cycle, Counts(cycles=600).clock_hz) == (None, None)
    assert Counts(instructions=0, cycles=0, task_clock_s=0.0).instructions_per_cycle is None


@pytest.mark.parametrize("name", ["instructions", "page_faults", "task_clock_s"])
def test_a_negative_count_is_named(name: str) -> None:
    with pytest.raises(BadRecord, match=f"^{name} -1 cannot have been measured"):
        Counts(**{name: -1})


def test_a_sample_with_counts_travels_and_becomes_a_round() -> None:
    counted = replace(sample(2.0), counts=COUNTS)
    read = read_reply({"reply": "sample", **json.loads(json.dumps(counted.to_json()))})
    assert isinstance(read, Sample)
    assert read == counted
    assert Round.of(read).instructions == 1000
    assert (Round.of(read).cache_misses, Round.of(read).reference_cycles) == (None, None)


def test_a_sample_of_an_older_worker_has_none() -> None:
    older = {name: value for name, value in sample(2.0).to_json().items() if name != "counts"}
    read = read_reply({"reply": "sample", **older})
    assert isinstance(read, Sample)
    assert read.counts is None
    assert Round.of(read).instructions is None
