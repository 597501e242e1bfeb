"""Change points: the fast search against a slow one, and what must not be taken for a change."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perf.stats.change_points import FEWEST_NIGHTS, ChangePoint, Sums, change_points, p_value, partition

Floats = NDArray[np.float64]
SD = 0.01


def quiet(count: int, seed: int = 1, sd: float = SD) -> Floats:
    return np.random.default_rng(seed).normal(0, sd, count)


def found(values: Sequence[float] | Floats, variance: float = 0.0) -> tuple[ChangePoint, ...]:
    return change_points(values, [variance] * len(values))


def cost_of(values: Floats, variances: Floats, bounds: Sequence[int]) -> float:
    """Return what a division costs, by the definition."""
    cost = 0.0
    for start, end in itertools.pairwise(bounds):
        mean = np.average(values[start:end], weights=1 / variances[start:end])
        cost += float((((values[start:end] - mean) ** 2) / variances[start:end]).sum())
    return cost


def textbook(values: Floats, variances: Floats, penalty: float) -> float:
    """Return the least cost of any division, having tried all of them."""
    count, least = len(values), math.inf
    for changes in range(count // FEWEST_NIGHTS):
        for inner in itertools.combinations(range(FEWEST_NIGHTS, count - FEWEST_NIGHTS + 1), changes):
            bounds = [0, *inner, count]
            if all(end - start >= FEWEST_NIGHTS for start, end in itertools.pairwise(bounds)):
                least = min(least, cost_of(values, variances, bounds) + penalty * changes)
    return least


LEVELS = st.lists(st.floats(-5, 5), min_size=2 * FEWEST_NIGHTS, max_size=12)


@settings(max_examples=60, deadline=None)
@given(LEVELS, st.integers(0, 99), st.floats(0.1, 20))
def test_no_other_division_costs_less(levels: list[float], seed: int, penalty: float) -> None:
    values = np.array(levels)
    variances = np.random.default_rng(seed).uniform(0.5, 2, len(values))
    division = partition(Sums.of(values, variances), penalty)
    bounds = [0, *division, len(values)]
    assert all(end - start >= FEWEST_NIGHTS for start, end in itertools.pairwise(bounds))
    cost = cost_of(values, variances, bounds) + penalty * len(division)
    assert cost == pytest.approx(textbook(values, variances, penalty), abs=1e-6)


@pytest.mark.parametrize(("nights", "z"), [(20, 2.5), (100, 3.0), (400, 3.5)])
def test_the_p_value_is_how_often_noise_alone_shows_as_much(nights: int, z: float) -> None:
    walks = np.random.default_rng(2).normal(size=(8000, nights)).cumsum(axis=1)
    places = np.arange(FEWEST_NIGHTS, nights - FEWEST_NIGHTS + 1)
    apart = walks[:, places - 1] - walks[:, -1:] * places / nights
    largest = np.abs(apart / np.sqrt(places * (nights - places) / nights)).max(axis=1)
    assert p_value(z, nights) == pytest.approx((largest > z).mean(), rel=0.2)


@pytest.mark.parametrize("percent", [3, -3, 10])
def test_a_step_is_found_where_it_is(percent: float) -> None:
    values = quiet(100)
    values[60:] += math.log1p(percent / 100)
    (point,) = found(values)
    assert point.earliest <= 60 <= point.latest
    assert abs(point.index - 60) <= 2
    assert point.low < math.log1p(percent / 100) < point.high
    assert point.p_value < 1e-6


def test_what_goes_up_and_comes_back_is_two_changes() -> None:
    values = quiet(150)
    values[50:80] += 0.04
    rise, fall = found(values)
    assert (rise.change > 0, fall.change < 0) == (True, True)


@pytest.mark.parametrize("count", range(2 * FEWEST_NIGHTS))
def test_too_few_nights_say_nothing(count: int) -> None:
    assert found([0.0] * (count // 2) + [0.5] * (count - count // 2)) == ()


def test_three_nights_of_a_large_step_are_enough_and_two_are_not() -> None:
    values = np.concatenate([quiet(30), quiet(3, seed=2) + 0.2])
    assert [point.index for point in found(values)] == [30]
    assert found(values[:-1]) == ()


@pytest.mark.parametrize("where", [[0], [40], [79], [20, 50], [40, 41], [78, 79], [77, 78]])
@pytest.mark.parametrize("size", [0.1, 1.0, -1.0])
def test_bad_nights_are_no_change(where: list[int], size: float) -> None:
    values = quiet(80)
    values[where] += size
    assert found(values) == ()


def test_a_bad_night_does_not_hide_a_step() -> None:
    values = quiet(80)
    values[40:] += 0.05
    values[[20, 60]] += 0.5
    (point,) = found(values)
    assert point.change == pytest.approx(0.05, abs=0.01)


def test_nights_without_a_value_are_left_out_and_keep_their_numbers() -> None:
    values = quiet(100)
    values[60:] += 0.05
    values[[3, 17, 61, 62]] = math.nan
    values[[30]] = math.inf
    (point,) = found(values)
    assert point.index in {60, 63}


@pytest.mark.parametrize("variance", [math.nan, math.inf, 0.0])
def test_an_unknown_variance_is_none_at_all(variance: float) -> None:
    values = quiet(60)
    values[30:] += 0.05
    assert len(found(values, variance)) == 1


def test_nights_known_to_be_worse_count_for_less() -> None:
    """The step has twenty nights behind it, each of which says itself that it is good to 10 % only."""
    values = quiet(60)
    values[40:] += 0.03
    variances = np.full(60, 1e-6)
    assert len(change_points(values, variances)) == 1
    variances[40:] = 0.1**2
    assert change_points(values, variances) == ()


def test_all_nights_alike_are_no_change_and_no_error() -> None:
    assert found([0.5] * 50) == ()


def test_negative_variances_and_unlike_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        found([0.0] * 10, -1.0)
    with pytest.raises(ValueError, match="10 values and 2 variances"):
        change_points([0.0] * 10, [0.0] * 2)


def false_alarms(series: Sequence[Floats]) -> int:
    return sum(len(found(values)) for values in series)


@pytest.mark.parametrize("count", [6, 10, 30, 100, 365])
def test_quiet_nights_raise_no_alarm(count: int) -> None:
    """Also where they differ by twice what the prior says."""
    assert false_alarms([quiet(count, seed, 0.024) for seed in range(100)]) <= 1


def test_a_machine_that_drifts_from_night_to_night_raises_few_alarms() -> None:
    """Neighbouring nights are alike by half; taken for independent, they would alarm in most of the years."""

    def drifting(seed: int) -> Floats:
        values = quiet(365, seed)
        for night in range(1, len(values)):
            values[night] += 0.5 * values[night - 1]
        return values

    assert false_alarms([drifting(seed) for seed in range(50)]) <= 3


def test_ten_years_of_nights_take_less_than_a_second() -> None:
    values = quiet(3650)
    values[2000:] += 0.01
    began_s = time.perf_counter()
    assert len(found(values)) == 1
    assert time.perf_counter() - began_s < 2  # 0.05 s where nothing else runs
