"""The interval of the median against scipy, against simulation, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from perf.stats.intervals import coverage, median_interval

latencies = st.lists(st.floats(0.001, 1e4), min_size=1, max_size=60)


@pytest.mark.parametrize("count", range(1, 61))
def test_coverage_is_the_binomial_one(count: int) -> None:
    for rank in range(1, count // 2 + 1):
        expected = 1 - 2 * scipy_stats.binom.cdf(rank - 1, count, 0.5)
        assert coverage(count, rank) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("count", "low", "high", "confidence"),
    [(1, 1, 1, 0.0), (2, 1, 2, 0.5), (3, 1, 3, 0.75), (5, 1, 5, 0.9375), (6, 1, 6, 0.96875), (10, 2, 9, 0.978515625)],
)
def test_known_intervals(count: int, low: float, high: float, confidence: float) -> None:
    interval = median_interval(list(range(count, 0, -1)))
    assert (interval.low, interval.high, interval.confidence) == (low, high, confidence)


@pytest.mark.parametrize("count", [3, 5, 10, 25])
def test_the_stated_confidence_is_the_real_one(count: int) -> None:
    draws = np.random.default_rng(20230328).lognormal(sigma=0.4, size=(20_000, count))
    intervals = [median_interval(list(draw)) for draw in draws[:4000]]
    held = np.mean([interval.low <= 1 <= interval.high for interval in intervals])
    assert held == pytest.approx(intervals[0].confidence, abs=0.02)


@given(latencies)
def test_the_interval_holds_the_median(values: list[float]) -> None:
    interval = median_interval(values)
    assert interval.low <= float(np.median(values)) <= interval.high


def test_no_values() -> None:
    with pytest.raises(ValueError, match="no values"):
        median_interval([])
