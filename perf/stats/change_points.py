"""Change points of a series of nights: where its level has changed, by how much, and how surely.

The model: between changes, a night's level is the same but for noise (perf.stats.night_noise). Of all ways to divide
the nights into stretches of at least FEWEST_NIGHTS, the one is taken for which the sum of squared deviations, each in
units of its night's variance, and PENALTY for every change is least. It is found exactly, by optimal partitioning
(Jackson et al., "An algorithm for optimal partitioning of data on an interval", IEEE Signal Processing Letters 12(2),
2005; Killick, Fearnhead and Eckley, "Optimal detection of changepoints with a linear computational cost",
JASA 107, 2012).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from perf.stats.night_noise import night_noise, tamed

Floats = NDArray[np.float64]
Places = int | slice | NDArray[np.int_]

FEWEST_NIGHTS = 3  # of a stretch: what two nights say may be the same bad luck

# Every night is a new chance of a false alarm, and so the penalty does not grow with the number of nights, as it does
# where a series is looked at once. Chosen for a false alarm in five years of a series at most:
# docs/explanation/trends.md has the table.
PENALTY = 18.0

ONE_SIDED = float(stats.norm.ppf(0.95))  # an interval is missed on either side with a probability of 5 %
LIKELY = 0.9  # that a change lies within its earliest and latest night
FLOOR_SD = 1e-4  # nothing is known better than to a hundredth of a percent


@dataclass(frozen=True, kw_only=True)
class ChangePoint:
    """A change of the level.

    Attributes:
        index: the first night of the new level; with a probability of 90 % between ``earliest`` and ``latest``.
        change: the log ratio of the new level to the one before.
        low, high: what it lies between, and beyond either with a probability of 5 %.
        p_value: the probability that noise alone shows as large a change somewhere between the neighbouring changes.
    """

    index: int
    earliest: int
    latest: int
    change: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class Sums:
    """Running sums over the nights, by which the cost and the mean of any stretch take a few operations."""

    weights: Floats
    values: Floats
    squares: Floats

    @classmethod
    def of(cls, values: Floats, variances: Floats) -> Sums:
        """Sum up values with these variances."""
        weights = 1 / variances
        return cls(*(np.concatenate([[0.0], np.cumsum(weights * values**power)]) for power in range(3)))

    def cost(self, start: Places, end: Places) -> Floats:
        """Return the weighted sum of squared deviations from their mean of the nights from start to before end."""
        value = self.values[end] - self.values[start]
        cost: Floats = self.squares[end] - self.squares[start] - value**2 / (self.weights[end] - self.weights[start])
        return cost

    def mean(self, start: int, end: int) -> tuple[float, float]:
        """Return the weighted mean of these nights, and its variance."""
        weight = float(self.weights[end] - self.weights[start])
        return float(self.values[end] - self.values[start]) / weight, 1 / weight


def change_points(
    values: Sequence[float] | Floats,
    variances: Sequence[float] | Floats,
    *,
    prior_sd: float = 0.012,
    penalty: float = PENALTY,
) -> tuple[ChangePoint, ...]:
    """Find where the level of a series has changed.

    Args:
        values: log levels, one for each night, the earliest first; NaN where a night has none.
        variances: their variances, as far as their own rounds tell; what is no finite number counts as 0.
        prior_sd: the standard deviation between nights that is typical of the quantity, for the first few.
        penalty: what a change costs, in squared standard deviations.

    Raises:
        ValueError: there are not as many variances as values, or one is negative.
    """
    if len(values) != len(variances):
        raise ValueError(f"{len(values)} values and {len(variances)} variances")
    known = np.flatnonzero(np.isfinite(np.asarray(values, dtype=np.float64)))
    levels = np.asarray(values, dtype=np.float64)[known]
    given = np.asarray(variances, dtype=np.float64)[known]
    given = np.where(np.isfinite(given), given, 0.0)
    if (given < 0).any():
        raise ValueError("a variance is negative")
    if len(levels) < 2 * FEWEST_NIGHTS:
        return ()
    sums = _sums(levels, given, prior_sd)
    bounds = [0, *partition(sums, penalty), len(levels)]
    return tuple(_change_point(sums, bounds[n - 1 : n + 2], known) for n in range(1, len(bounds) - 1))


def _sums(levels: Floats, variances: Floats, prior_sd: float) -> Sums:
    noise = night_noise(levels, variances + FLOOR_SD**2, prior_sd)
    tame = tamed(levels, np.sqrt(noise.variances))
    return Sums.of(tame - np.median(tame), noise.long_run_variances)  # small numbers, for the sake of the squares


def partition(sums: Sums, penalty: float) -> list[int]:
    """Return the first nights of all stretches but the first, of the division that costs least."""
    count = len(sums.weights) - 1
    least = np.full(count + 1, np.inf)  # cost of the nights before each one
    least[0] = -penalty
    last_start = np.zeros(count + 1, dtype=np.int_)
    for end in range(FEWEST_NIGHTS, count + 1):
        allowed = slice(end - FEWEST_NIGHTS + 1)
        costs = least[allowed] + sums.cost(allowed, end) + penalty
        last_start[end] = np.argmin(costs)
        least[end] = costs[last_start[end]]
    found, end = [], count
    while start := int(last_start[end]):
        found.append(start)
        end = start
    return found[::-1]


def _change_point(sums: Sums, bounds: Sequence[int], known: NDArray[np.int_]) -> ChangePoint:
    """Describe the change at the middle one of three bounds. ``known``: the numbers of the nights that have a value."""
    start, index, end = bounds
    (before, before_variance), (after, after_variance) = sums.mean(start, index), sums.mean(index, end)
    change, sd = after - before, math.sqrt(before_variance + after_variance)
    earliest, latest = _likely_places(sums, start, end)
    return ChangePoint(
        index=int(known[index]),
        earliest=int(known[min(earliest, index)]),
        latest=int(known[max(latest, index)]),
        change=change,
        low=change - ONE_SIDED * sd,
        high=change + ONE_SIDED * sd,
        p_value=p_value(abs(change) / sd, end - start),
    )


def _likely_places(sums: Sums, start: int, end: int) -> tuple[int, int]:
    """Return the places between which the only change of these nights lies with a probability of LIKELY.

    Every place is as likely as any other before the nights are seen, and any two levels are: Smith, "A Bayesian
    approach to inference about a change-point in a sequence of random variables", Biometrika 62 (1975).
    """
    places = np.arange(start + FEWEST_NIGHTS, end - FEWEST_NIGHTS + 1)
    costs = sums.cost(start, places) + sums.cost(places, end)
    likely = np.exp((costs.min() - costs) / 2)
    shares = np.cumsum(likely) / likely.sum()
    tail = (1 - LIKELY) / 2
    return int(places[np.searchsorted(shares, tail)]), int(places[np.searchsorted(shares, 1 - tail)])


def p_value(z: float, nights: int) -> float:
    """Return the probability that noise alone shows a change of ``z`` standard deviations at some place or other.

    James, James and Siegmund, "Tests for a change-point", Biometrika 74 (1987): a sum over all
    places with FEWEST_NIGHTS to either side; good to a fifth where it is small.
    """
    shares = np.arange(FEWEST_NIGHTS, nights - FEWEST_NIGHTS + 1) / nights
    spread = shares * (1 - shares)
    crossings = overshoot(z / np.sqrt(nights * spread)) / (nights * spread)
    # One place more than there are steps between places: the chance at the first one.
    return float(min(1.0, z * stats.norm.pdf(z) * crossings.sum() + 2 * stats.norm.sf(z)))


def overshoot(x: Floats) -> Floats:
    """Return how much rarer a walk in steps crosses a boundary than a continuous one; ``x`` is the size of its steps.

    Siegmund and Yakir, The Statistics of Gene Mapping (2007), the approximation of the function nu.
    """
    half = x / 2
    rarer: Floats = (stats.norm.cdf(half) - 0.5) / half / (half * stats.norm.cdf(half) + stats.norm.pdf(half))
    return rarer
