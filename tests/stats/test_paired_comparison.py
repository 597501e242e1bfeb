"""The verdict on pairs: against a slow textbook version, against simulated luck, and at the edges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from perf.stats import paired_comparison
from perf.stats.paired_comparison import (
    LUCK_SDS,
    NOISE_FACTOR,
    NOISE_SD,
    NOISE_SDS,
    ORDER_SD,
    PairedVerdict,
    change,
    compare,
    more_pairs,
)

Lists = list[list[float]]


def numbered(groups: Lists) -> dict[int, list[float]]:
    return dict(enumerate(groups, 1))


def textbook(groups: Lists, value: float) -> float:
    """Return the probability that the change is below ``value``, by integrating the joint density over a fine line."""
    values = np.concatenate(groups)
    worker = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    order = np.where(worker % 2 == 0, ORDER_SD, -ORDER_SD)
    same = worker[:, None] == worker
    line = np.linspace(-0.2, 0.2, 4001)
    density = np.zeros_like(line)
    for noise, (luck, belief) in itertools.product(NOISE_SDS, LUCK_SDS.items()):
        prior = belief * stats.norm.pdf(math.log(noise / NOISE_SD) / math.log(NOISE_FACTOR))
        likelihood = np.full_like(line, prior)
        covariance = noise**2 * np.eye(len(values)) + luck**2 * same + np.outer(order, order)
        likelihood *= stats.multivariate_normal(np.zeros(len(values)), covariance).pdf(values - line[:, None])
        density += likelihood
    up_to = np.cumsum(density) - density / 2
    return float(np.interp(value, line, up_to) / density.sum())


@pytest.mark.parametrize(
    "groups",
    [
        [[0.01, 0.02, 0.015]],
        [[0.03, 0.035, 0.02], [0.01, 0.015, 0.02]],
        [[0.0, 0.01], [0.002], [-0.01, 0.0, 0.004, 0.003]],
    ],
)
def test_the_posterior_is_that_of_the_textbook(groups: Lists) -> None:
    for value in (-0.01, 0.0, 0.01, 0.02, 0.03):
        assert change(numbered(groups)).below(value) == pytest.approx(textbook(groups, value), abs=0.005)


def test_a_quantile_is_where_that_share_lies_below() -> None:
    posterior = change(numbered([[0.01, 0.02, 0.015], [0.0, 0.01, 0.005]]))
    for share in (0.001, 0.05, 0.5, 0.99):
        assert posterior.below(posterior.quantile(share)) == pytest.approx(share, abs=1e-6)


def simulated(generator: np.random.Generator, shift: float, noise: float, luck: float) -> Lists:
    """Draw as many pairs of workers as there may be, the first of each slower, with noise that has outliers."""
    order = generator.choice([0.0, 0.012])
    return [
        list(shift + sign * order + generator.normal(0, luck) + noise * generator.standard_t(4, 3) / math.sqrt(2))
        for _, sign in zip(range(paired_comparison.LOOKS), itertools.cycle((1, -1)), strict=False)
    ]


def verdict_on(groups: Lists) -> PairedVerdict:
    """Return the verdict after as many looks as it takes."""
    looks = (compare(numbered(groups[:count])).verdict for count in range(1, len(groups) + 1))
    return next((verdict for verdict in looks if verdict is not PairedVerdict.UNDECIDED), PairedVerdict.UNDECIDED)


@pytest.mark.parametrize(("noise", "luck"), [(0.005, 0.001), (0.01, 0.004), (0.02, 0.004), (0.02, 0.008)])
def test_it_is_calm_and_finds_what_it_should(noise: float, luck: float) -> None:
    generator = np.random.default_rng(5)
    same = [verdict_on(simulated(generator, 0.0, noise, luck)) for _ in range(60)]
    slower = [verdict_on(simulated(generator, math.log(1.05), noise, luck)) for _ in range(60)]
    assert same.count(PairedVerdict.REGRESSED) == 0
    assert same.count(PairedVerdict.EQUIVALENT) >= 55
    assert slower.count(PairedVerdict.REGRESSED) >= 55


def test_one_pair_of_workers_calls_nothing_slower() -> None:
    assert compare({1: [0.2, 0.2, 0.2, 0.2]}).verdict is PairedVerdict.UNDECIDED
    assert compare({1: [0.2, 0.2], 2: [0.2, 0.2]}).verdict is PairedVerdict.REGRESSED
    assert compare({1: [-0.2, -0.2], 2: [-0.2, -0.2]}).verdict is PairedVerdict.IMPROVED


def test_who_was_started_first_is_no_change() -> None:
    first_is_slower = {1: [0.005, 0.006], 2: [-0.005, -0.004], 3: [0.004, 0.005], 4: [-0.005, -0.006]}
    assert compare(first_is_slower).verdict is PairedVerdict.EQUIVALENT
    assert abs(compare(first_is_slower).ratio - 1) < 0.001
    one_order = {1: [0.005, 0.006], 3: [0.005, 0.004], 5: [0.004, 0.005], 7: [0.005, 0.006]}
    assert (
        compare(one_order).high - compare(one_order).low > compare(first_is_slower).high - compare(first_is_slower).low
    )


def test_every_other_workers_luck_is_not_taken_for_who_was_started_first() -> None:
    """By so much did IPEX with 3 % more work differ from its reference, in five pairs of workers in a certain order."""
    luck = compare(numbered([[0.030] * 3, [0.006] * 3, [0.027] * 3, [0.005] * 3, [0.029] * 3]))
    assert luck.verdict is PairedVerdict.UNDECIDED
    assert luck.high > 1.03


def test_more_pairs_are_what_it_would_take() -> None:
    few = [[0.02, -0.02, 0.04], [-0.03, 0.01, 0.0]]
    needed = more_pairs(numbered(few), change(numbered(few)))
    assert needed % 3 == 0
    assert compare(numbered(few)).more_pairs == needed
    enough = numbered(few * (1 + math.ceil(needed / 6)))
    assert compare(enough).verdict is PairedVerdict.EQUIVALENT
    assert compare(enough).more_pairs == 0


def test_it_reads_as_a_sentence() -> None:
    comparison = compare({1: [0.10, 0.11, 0.10], 2: [0.10, 0.10, 0.11]})
    assert comparison.sentence.startswith("+10.")
    assert comparison.sentence.endswith("6 pairs by 2 pairs of workers")
    assert str(comparison) == f"regressed: {comparison.sentence}"


@pytest.mark.parametrize("workers", [2, 4])
def test_what_it_sees_is_found(workers: int) -> None:
    """With noise, luck and order as they are believed to be, and each look's own slowdown."""
    generator = np.random.default_rng(11)
    lucks, beliefs = list(LUCK_SDS), np.array(list(LUCK_SDS.values()))
    found = []
    for _ in range(400):
        noise = NOISE_SD * NOISE_FACTOR ** generator.normal()
        luck = generator.choice(lucks, p=beliefs / beliefs.sum())
        order = generator.normal(0, ORDER_SD)
        groups = [
            generator.normal(0, luck) + (-1) ** number * order + generator.normal(0, noise, 3)
            for number in range(workers)
        ]
        sees = math.log(compare(numbered([list(group) for group in groups])).sees)
        slowed = compare(numbered([list(group + sees) for group in groups]), tolerance=0.0)
        found.append(slowed.verdict is PairedVerdict.REGRESSED)
    assert np.mean(found) == pytest.approx(0.95, abs=0.03)


def test_what_it_sees_goes_with_the_intervals_width() -> None:
    narrow = compare({1: [0.0, 0.001, 0.0], 2: [0.0, 0.0, 0.001], 3: [0.001, 0.0, 0.0]})
    wide = compare({1: [0.0, 0.05, -0.04], 2: [0.03, -0.02, 0.0], 3: [0.02, -0.05, 0.03]})
    assert 1 < narrow.sees < wide.sees
    assert narrow.to_json()["sees"] == narrow.sees


def test_the_variances_are_those_of_the_pairs() -> None:
    generator = np.random.default_rng(4)
    groups = {number: list(generator.normal(0, 0.01) + generator.normal(0, 0.004, 9)) for number in range(1, 60)}
    posterior = change(groups)
    assert math.sqrt(posterior.noise_variance) == pytest.approx(0.004, rel=0.15)
    assert math.sqrt(posterior.luck_variance) == pytest.approx(0.01, rel=0.4)
