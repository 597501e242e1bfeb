"""Mixtures of Student distributions, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from perf.stats.mixture import Mixture


def test_one_component_is_the_distribution_itself() -> None:
    alone = Mixture.of(np.array([0.02]), np.array([0.01]), 4.0, np.zeros(1))
    expected = stats.t(4, loc=0.02, scale=0.01)
    for probability in (0.0005, 0.05, 0.5, 0.999):
        assert alone.quantile(probability) == pytest.approx(expected.ppf(probability))
        assert alone.below(expected.ppf(probability)) == pytest.approx(probability)


def test_infinite_degrees_of_freedom_are_a_normal_component() -> None:
    normal = Mixture.of(np.zeros(1), np.ones(1), np.inf, np.zeros(1))
    assert normal.quantile(0.975) == pytest.approx(stats.norm.ppf(0.975))


def test_the_probability_is_the_weighted_one() -> None:
    means, scales = np.array([[0.0, 0.1]]), np.array([[0.01, 0.05]])
    mixed = Mixture.of(means, scales, np.array([[5.0, 9.0]]), np.log([[1.0, 3.0]]) + 700)
    expected = stats.t(5, 0.0, 0.01).cdf(0.02) / 4 + stats.t(9, 0.1, 0.05).cdf(0.02) * 3 / 4
    assert mixed.below(0.02) == pytest.approx(expected)
    assert mixed.mean == pytest.approx(0.075)


def test_far_quantiles_of_one_degree_of_freedom_are_found() -> None:
    heavy = Mixture.of(np.zeros(1), np.ones(1), 1.0, np.zeros(1))
    assert heavy.quantile(1e-5) == pytest.approx(stats.t(1).ppf(1e-5))
