"""The luck of workers, on simulated ones whose luck is known."""

from __future__ import annotations

import numpy as np
import pytest

from perf.lab.process_luck import Luck, compare, luck_of, start_order


def workers(generator: np.random.Generator, luck: float, noise: float, count: int = 8) -> list[list[float]]:
    """Return the log ratios of so many workers, three of each."""
    return [(generator.normal(0, luck) + generator.normal(0, noise, 3)).tolist() for _ in range(count)]


def test_the_luck_is_found_again() -> None:
    generator = np.random.default_rng(1)
    luck = luck_of(workers(generator, 0.012, 0.005, count=2000))
    assert luck.luck_sd == pytest.approx(0.012, rel=0.05)
    assert luck.noise_sd == pytest.approx(0.005, rel=0.05)
    assert luck.mean_sd > luck.luck_sd
    assert luck.mean == pytest.approx(0.0, abs=0.001)


def test_noise_alone_is_no_luck() -> None:
    luck = luck_of([[0.01, -0.01, 0.0], [0.011, -0.012, 0.001], [0.012, -0.011, -0.001]])
    assert (luck.luck_sd, luck.workers) == (0.0, 3)


@pytest.mark.parametrize("true", [1.0, 0.25])
def test_the_interval_holds_the_ratio_as_often_as_it_says(true: float) -> None:
    generator = np.random.default_rng(2)
    held = []
    for _ in range(600):
        changed, usual = workers(generator, 0.01 * true, 0.0), workers(generator, 0.01, 0.0)
        interval = compare(luck_of(changed), luck_of(usual))
        held.append(interval.low <= true <= interval.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_few_workers_tell_little() -> None:
    few, many = (Luck(workers=count, mean=0.0, mean_sd=0.01, noise_sd=0.0, luck_sd=0.01) for count in (3, 30))
    assert compare(few, few).high > 4
    assert compare(many, many).high < 1.5


def test_who_is_started_second() -> None:
    order = start_order([[0.010, 0.012], [0.008, 0.009], [0.011, 0.013]])
    assert order.low < order.ratio < order.high
    assert str(order).startswith("1.01 [1.0")
