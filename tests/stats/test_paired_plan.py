"""What to measure next: against the textbook's variance, every other choice, and whole schedules."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from perf.stats.paired_comparison import ORDER_SD, Change, change
from perf.stats.paired_plan import FEWEST_PAIRS, MOST_PAIRS, Costs, NextPairs, next_pairs, precision

Counts = dict[int, int]

QUIET_ROW = (0.012, 0.003)  # noise, luck
LUCKY_ROW = (0.005, 0.012)


def knowing(noise: float, luck: float) -> Change:
    """Return a posterior that is sure of the two standard deviations."""
    one = np.ones(1)
    return Change(means=one, scales=one, dofs=one, weights=one, noise_variance=noise**2, luck_variance=luck**2)


def textbook_precision(counts: Counts, noise: float, luck: float) -> float:
    """Return the inverse variance of the generalised least squares estimate, from the pairs' covariance matrix."""
    worker = np.repeat(list(counts), list(counts.values()))
    order = np.where(worker % 2 == 1, 1.0, -1.0)
    covariance = noise**2 * np.eye(len(worker)) + luck**2 * (worker[:, None] == worker)
    covariance += ORDER_SD**2 * np.outer(order, order)
    return float(np.linalg.inv(covariance).sum())


def choices(counts: Counts, costs: Costs) -> Iterator[tuple[NextPairs, Counts, float]]:
    """Yield all that may come next, the counts after it, and the seconds that it takes."""
    alive = max(counts)
    for pairs in range(1, MOST_PAIRS - counts[alive] + 1):
        yield NextPairs(False, pairs), counts | {alive: counts[alive] + pairs}, pairs * costs.pair_s
    for pairs in range(FEWEST_PAIRS, MOST_PAIRS + 1):
        yield NextPairs(True, pairs), counts | {alive + 1: pairs}, costs.start_s + pairs * costs.pair_s


@pytest.mark.parametrize("counts", [{1: 3}, {1: 3, 2: 3}, {1: 3, 2: 5, 3: 2}, {2: 4, 5: 1}])
@pytest.mark.parametrize(("noise", "luck"), [QUIET_ROW, LUCKY_ROW])
def test_the_precision_is_the_textbooks(counts: Counts, noise: float, luck: float) -> None:
    assert precision(counts, knowing(noise, luck)) == pytest.approx(textbook_precision(counts, noise, luck))


@pytest.mark.parametrize("counts", [{1: 3}, {1: 3, 2: 3}, {1: 3, 2: 9}, {1: 4, 2: 2, 3: 2}])
@pytest.mark.parametrize("start_s", [5.0, 40.0, 200.0])
@pytest.mark.parametrize(("noise", "luck"), [QUIET_ROW, LUCKY_ROW, (0.02, 0.0)])
def test_no_other_choice_gains_more_per_second(counts: Counts, start_s: float, noise: float, luck: float) -> None:
    costs = Costs(start_s=start_s, pair_s=20.0)
    now = textbook_precision(counts, noise, luck)
    gains = {
        choice: (textbook_precision(after, noise, luck) - now) / seconds
        for choice, after, seconds in choices(counts, costs)
    }
    best = max(gains, key=lambda choice: gains[choice])
    chosen = next_pairs(counts, knowing(noise, luck), costs)
    assert chosen.is_fresh is best.is_fresh
    if chosen.is_fresh:
        assert chosen == best
    else:
        # It goes on for as long as each pair is worth more than fresh workers, instead of looking after every pair.
        fresh = max(gain for choice, gain in gains.items() if choice.is_fresh)
        assert gains[chosen] >= fresh


def test_where_luck_is_all_fresh_workers_make_few_pairs_and_where_it_is_none_many() -> None:
    costs = Costs(start_s=40.0, pair_s=20.0)
    assert next_pairs({1: 3, 2: 3}, knowing(*LUCKY_ROW), costs) == NextPairs(is_fresh=True, pairs=FEWEST_PAIRS)
    without_luck = next_pairs({1: 3, 2: 3}, knowing(0.02, 0.0), costs)
    assert (without_luck.is_fresh, without_luck.pairs > 2) == (False, True)


@pytest.mark.parametrize(
    ("noise", "luck", "start_s"), [(0.012, 0.004, 40.0), (0.012, 0.002, 10.0), (0.01, 0.01, 100.0)]
)
def test_fresh_workers_make_as_many_pairs_as_cochran_says(noise: float, luck: float, start_s: float) -> None:
    costs = Costs(start_s=start_s, pair_s=20.0)
    optimum = noise / luck * math.sqrt(start_s / costs.pair_s)
    chosen = next_pairs(dict.fromkeys(range(1, 9), MOST_PAIRS), knowing(noise, luck), costs)
    assert chosen.is_fresh
    assert chosen.pairs == pytest.approx(min(MOST_PAIRS, max(FEWEST_PAIRS, optimum)), abs=1.5)  # it fits the order too


def seconds_to(wanted: float, noise: float, luck: float, costs: Costs) -> float:
    """Return how long the rule takes until the precision is ``wanted``, from three pairs by the first workers."""
    counts, seconds = {1: 3}, costs.start_s + 3 * costs.pair_s
    while precision(counts, knowing(noise, luck)) < wanted:
        chosen = next_pairs(counts, knowing(noise, luck), costs)
        number = max(counts) + chosen.is_fresh
        counts[number] = counts.get(number, 0) + chosen.pairs
        seconds += chosen.is_fresh * costs.start_s + chosen.pairs * costs.pair_s
    return seconds


def best_schedule_s(wanted: float, noise: float, luck: float, costs: Costs) -> float:
    """Return how long the fastest schedule of all takes, in which all workers after the first make as many pairs."""
    fastest = math.inf
    for first, each, workers in itertools.product(range(3, MOST_PAIRS + 1, 2), range(1, MOST_PAIRS + 1), range(12)):
        counts = {1: first, **dict.fromkeys(range(2, 2 + workers), each)}
        if precision(counts, knowing(noise, luck)) >= wanted:
            fastest = min(fastest, (1 + workers) * costs.start_s + (first + workers * each) * costs.pair_s)
    return fastest


@pytest.mark.parametrize(("noise", "luck"), [QUIET_ROW, (0.008, 0.008)])
@pytest.mark.parametrize("start_s", [10.0, 60.0])
def test_it_is_nearly_as_fast_as_the_best_schedule(noise: float, luck: float, start_s: float) -> None:
    costs = Costs(start_s=start_s, pair_s=20.0)
    wanted = 0.006**-2
    one_more = start_s + MOST_PAIRS * costs.pair_s  # the rule looks after whole blocks
    assert seconds_to(wanted, noise, luck, costs) <= 1.2 * best_schedule_s(wanted, noise, luck, costs) + one_more / 2


def test_a_real_posterior_will_do() -> None:
    groups = {1: [0.01, 0.02, 0.015], 2: [0.0, 0.01, 0.005]}
    counts = {number: len(group) for number, group in groups.items()}
    chosen = next_pairs(counts, change(groups), Costs(start_s=30.0, pair_s=20.0))
    assert 1 <= chosen.pairs <= MOST_PAIRS
