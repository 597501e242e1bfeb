"""The comparison of what luck adds to: how often it is wrong about stacks that are alike, and what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from perf.stats.least_comparison import FEWEST_WORKERS, compare_least
from perf.stats.paired_comparison import LOOKS, Floats, PairedVerdict

ROWS = 4000


def ever_called_larger(reference: list[float], candidate: list[float]) -> bool:
    """Tell whether any look at so many pairs of workers calls the candidate larger."""
    looks = (compare_least(reference[:count], candidate[:count], 0.03).verdict for count in range(1, LOOKS + 1))
    return PairedVerdict.REGRESSED in looks


@pytest.mark.parametrize(
    "luck",
    [
        pytest.param(lambda draws: 1 + 0.16 * (draws < 9 / 16), id="a sixth more or nothing"),
        pytest.param(lambda draws: 1 + 0.5 * draws**4, id="mostly little"),
        pytest.param(lambda draws: 1 + 0.5 * draws, id="anything"),
    ],
)
def test_stacks_that_are_alike_are_called_larger_once_in_252_rows_at_most(luck: Callable[[Floats], Floats]) -> None:
    """At all looks together; the margin is of three standard deviations of the count."""
    generator = np.random.default_rng(1)
    called = sum(
        ever_called_larger(*(list(luck(generator.random(LOOKS))) for _ in range(2)))  # one per stack
        for _ in range(ROWS)
    )
    expected = ROWS / math.comb(2 * FEWEST_WORKERS, FEWEST_WORKERS)
    assert called <= expected + 3 * math.sqrt(expected)


def test_growth_beyond_all_luck_is_found_by_five_pairs_of_workers() -> None:
    reference, candidate = [1.0, 1.02, 1.01, 1.0, 1.0], [1.05, 1.06, 1.05, 1.07, 1.05]
    for workers in range(1, FEWEST_WORKERS):
        few = compare_least(reference[:workers], candidate[:workers], 0.03)
        assert (few.verdict, few.more_pairs) == (PairedVerdict.UNDECIDED, FEWEST_WORKERS - workers)
    found = compare_least(reference, candidate, 0.03)
    assert (found.verdict, found.more_pairs) == (PairedVerdict.REGRESSED, 0)
    assert found.ratio == pytest.approx(1.05)
    assert (found.low, found.high) == pytest.approx((1.05 / 1.02, 1.07))
    assert compare_least(candidate, reference, 0.03).verdict is PairedVerdict.IMPROVED


def test_what_differs_by_less_than_matters_is_equivalent_at_once() -> None:
    assert compare_least([1.0], [1.01], 0.03).verdict is PairedVerdict.EQUIVALENT


@pytest.mark.parametrize(
    ("reference", "candidate", "sees"),
    [
        pytest.param([1.0, 1.0], [1.0, 1.0], 1.03, id="the tolerance"),
        pytest.param([1.0, 1.0], [1.0, 1.16], 1.16, id="more than luck adds"),
        pytest.param([1.0, 1.16], [1.0, 1.0], 1.16, id="to either"),
    ],
)
def test_it_sees_what_luck_cannot_hide(reference: list[float], candidate: list[float], sees: float) -> None:
    assert compare_least(reference, candidate, 0.03).sees == pytest.approx(sees)
