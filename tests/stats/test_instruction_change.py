"""What counts say of a change of time: on counts that others have published, and by properties of the decomposition."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.stats.instruction_change import (
    Cost,
    Factor,
    InstructionChange,
    Interval,
    change_of,
    costs_of,
    describe,
    factors,
    is_spinning,
)
from tests.builders.runs import DATA
from tests.builders.sessions import counted, session

PUBLISHED = json.loads((DATA / "counts" / "published.json").read_text())
SPINNING_RATE = PUBLISHED["spinning"]["instructions_per_cycle"]
TOLERANCE = 0.02

GEMM = Cost(
    latency_s=10.0, cpu_s=20.0, instructions=100e9, cycles=50e9, reference_cycles=40e9, cache_misses=1e8
)  # fmt: skip

numbers = st.floats(1e-3, 1e15)
costs = st.builds(
    Cost,
    latency_s=numbers,
    cpu_s=numbers,
    instructions=numbers,
    cycles=numbers,
    reference_cycles=st.none() | numbers,
    cache_misses=st.none() | numbers,
)


def largest_of(told: Mapping[Factor, float]) -> Factor | None:
    """Return what made an image slower the most; None where nothing did by half a percent."""
    factor = max(told, key=lambda each: told[each])
    return factor if told[factor] >= 0.005 else None


@pytest.mark.parametrize("pair", PUBLISHED["pairs"], ids=lambda pair: pair["name"])
def test_published_counts_are_understood(pair: dict[str, Any]) -> None:
    before, after = Cost(**pair["before"]), Cost(**pair["after"])
    assert change_of(before, after, TOLERANCE) == pair["change"]
    assert largest_of(factors(before, after)) == pair["largest"]


@given(costs, costs)
def test_the_factors_make_up_the_whole_change(before: Cost, after: Cost) -> None:
    whole = math.log(after.latency_s / before.latency_s)
    assert sum(factors(before, after).values()) == pytest.approx(whole, abs=1e-9)


@given(costs, costs)
def test_the_other_way_round_each_factor_is_the_inverse(before: Cost, after: Cost) -> None:
    forth, back = factors(before, after), factors(after, before)
    assert forth.keys() == back.keys()
    for factor, log in forth.items():
        assert back[factor] == pytest.approx(-log, abs=1e-9)


@given(costs, st.floats(0.1, 10.0))
def test_an_image_of_twice_the_size_is_instructions_alone(before: Cost, size: float) -> None:
    known = {name: value * size for name, value in vars(before).items() if value is not None}
    for factor, log in factors(before, replace(before, **known)).items():
        assert log == pytest.approx(math.log(size) if factor is Factor.INSTRUCTIONS else 0, abs=1e-9)


@pytest.mark.parametrize(
    ("changed", "factor"),
    [
        ({"cpu_s": 22.0, "latency_s": 11.0, "cycles": 55e9, "reference_cycles": 44e9}, Factor.STALLS),
        ({"cpu_s": 22.0, "latency_s": 11.0, "reference_cycles": 44e9}, Factor.CLOCK),
        ({"cpu_s": 22.0, "latency_s": 11.0}, Factor.KERNEL),
        ({"latency_s": 11.0}, Factor.WAITING),
    ],
)
def test_each_cause_is_told_from_the_others(changed: dict[str, float], factor: Factor) -> None:
    told = factors(GEMM, replace(GEMM, **changed))
    assert largest_of(told) is factor
    assert [each for each, log in told.items() if abs(log) > 1e-9] == [factor]


def test_without_reference_cycles_a_lower_clock_is_not_told_from_the_kernel() -> None:
    before = replace(GEMM, reference_cycles=None)
    told = factors(before, replace(before, cpu_s=22.0, latency_s=11.0))
    assert largest_of(told) is Factor.CLOCK_OR_KERNEL
    assert not {Factor.CLOCK, Factor.KERNEL} & told.keys()


def test_nothing_is_largest_where_nothing_changed() -> None:
    assert largest_of(factors(GEMM, GEMM)) is None


def with_spinning(cost: Cost, cycles: float) -> Cost:
    """Add threads that spin for so many cycles, at the published rate."""
    return replace(
        cost,
        cycles=cost.cycles + cycles,
        instructions=cost.instructions + SPINNING_RATE * cycles,
        cpu_s=cost.cpu_s + cycles / 2.5e9,
    )


@pytest.mark.parametrize("pair", PUBLISHED["pairs"][:2], ids=lambda pair: pair["name"])
def test_spinning_is_told_apart_by_what_it_adds(pair: dict[str, Any]) -> None:
    """Published counts of work, to which threads are added that spin at the published rate until it shows."""
    before = replace(Cost(**pair["before"]), cache_misses=1e8)
    cycles = 0.05 * before.instructions / SPINNING_RATE
    after = with_spinning(before, cycles)
    assert change_of(before, after, TOLERANCE) is InstructionChange.SPINNING


def test_work_is_no_spinning() -> None:
    assert not is_spinning(GEMM, replace(GEMM, instructions=105e9, cycles=52.5e9))


def test_a_copy_that_stalls_on_memory_is_no_spinning() -> None:
    """It adds few instructions in many cycles as well, but it misses the caches."""
    copying = replace(GEMM, instructions=103e9, cycles=70e9, cache_misses=2e8)
    assert not is_spinning(GEMM, copying)


@pytest.mark.parametrize("side", ["before", "after"])
def test_where_cache_misses_are_not_known_nothing_is_called_spinning(side: str) -> None:
    sides = {"before": GEMM, "after": with_spinning(GEMM, 100e9)}
    assert is_spinning(**sides)
    assert not is_spinning(**{**sides, side: replace(sides[side], cache_misses=None)})


def test_more_instructions_in_fewer_cycles_are_no_spinning() -> None:
    assert not is_spinning(GEMM, replace(GEMM, instructions=105e9, cycles=49e9))


@pytest.mark.parametrize(
    ("interval", "change"),
    [
        (Interval(1.001, 0.995, 1.007), InstructionChange.SAME),
        (Interval(1.015, 1.005, 1.025), InstructionChange.NOT_TOLD),
        (Interval(1.05, 0.99, 1.11), InstructionChange.NOT_TOLD),
        (Interval(1.05, 1.03, 1.07), InstructionChange.MORE),
        (Interval(0.9, 0.88, 0.92), InstructionChange.FEWER),
    ],
)
def test_nothing_is_said_that_is_not_sure(interval: Interval, change: InstructionChange) -> None:
    after = replace(GEMM, instructions=GEMM.instructions * interval.ratio, cycles=GEMM.cycles * interval.ratio)
    assert change_of(GEMM, after, TOLERANCE, interval) is change


def test_costs_are_medians_of_undisturbed_rounds() -> None:
    calm, disturbed = counted([session([10.0, 12.0, 11.0])]), counted([session([50.0] * 3, pressure=0.5)], misses=9e9)
    cost = Cost.of_sessions([*calm, *disturbed])
    assert cost == Cost(
        latency_s=11.0,
        cpu_s=22.0,
        instructions=calm[0].rounds[0].instructions or 0,
        cycles=1.2 * 44e9,
        reference_cycles=44e9,
        cache_misses=1e8,
    )


def test_where_a_round_was_not_counted_nothing_is_said() -> None:
    baseline = counted([session([10.0] * 3)])
    assert costs_of(baseline, [session([10.0] * 3)]) is None
    assert costs_of([], baseline) is None
    assert costs_of(baseline, baseline) is not None


def test_a_description_names_what_matters_and_no_more() -> None:
    text = describe(GEMM, replace(GEMM, latency_s=11.0, cpu_s=22.0, reference_cycles=44e9), InstructionChange.SAME)
    assert text == "the same instructions; the seconds change by instructions +0.0 %, lower clock +10.0 %"
