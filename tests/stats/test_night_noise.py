"""The noise of nights, estimated where there are changes and bad nights in them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from perf.stats.night_noise import night_noise, robust_variance, tamed

Floats = NDArray[np.float64]


def normal(count: int, sd: float = 0.02, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(0, sd, count)


def noise_sd(values: Floats, variance: float = 0.0) -> float:
    return float(np.sqrt(np.median(night_noise(values, np.full(len(values), variance), 0.012).variances)))


def test_normal_numbers_have_the_variance_that_numpy_says() -> None:
    values = normal(5000)
    assert robust_variance(values) == pytest.approx(float(values.var()), rel=0.05)


def test_a_tenth_of_wild_numbers_does_not_double_it() -> None:
    values = normal(1000)
    values[::10] += 5
    assert robust_variance(values) < 2 * 0.02**2


def test_no_numbers_have_no_variance() -> None:
    assert robust_variance(np.zeros(0)) == 0
    assert robust_variance(np.zeros(9)) == 0


def test_steps_and_bad_nights_are_not_taken_for_noise() -> None:
    values = normal(300)
    values[100:] += 0.3
    values[200:] -= 0.5
    values[::40] += 1
    assert noise_sd(values) == pytest.approx(0.02, rel=0.25)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_how_nights_follow_each_other_is_seen(correlation: float) -> None:
    values = normal(2000)
    for night in range(1, len(values)):
        values[night] += correlation * values[night - 1]
    assert night_noise(values, np.zeros(2000), 0.012).correlation == pytest.approx(correlation, abs=0.07)


@pytest.mark.parametrize("count", [1, 2])
def test_where_there_are_hardly_any_nights_the_prior_speaks(count: int) -> None:
    assert noise_sd(np.zeros(count)) == pytest.approx(0.012, rel=0.15)


def test_a_variance_that_is_said_too_large_is_not_believed() -> None:
    """Intervals of few rounds reach from the least to the greatest of them, and nights show what they are worth."""
    assert noise_sd(normal(300), variance=0.05**2) == pytest.approx(0.02, rel=0.1)


def test_a_bad_night_is_moved_and_a_step_is_not_where_two_nights_bear_it_out() -> None:
    values, sds = np.array([0.0, 0, 0, 9, 0, 0, 0, 5, 5, 5, 5]), np.ones(11)
    assert tamed(values, sds).tolist() == [0, 0, 0, 3, 0, 0, 0, 5, 5, 3, 5]


def test_the_last_night_is_not_believed_yet() -> None:
    values = np.array([0.0, 0, 0, 0, 9])
    assert tamed(values, np.ones(5))[-1] == 3
    assert math.isclose(tamed(values[:2], np.ones(2)).sum(), 0)
