"""Pure functions on lists of floats."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A closed interval and the confidence it really has."""

    low: float
    high: float
    confidence: float


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Distribution-free confidence interval of the median: the narrowest symmetric pair of order statistics.

    The k-th smallest and k-th largest of n values hold the median between them with probability
    1 - 2 P(Binomial(n, 1/2) < k) (Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2). Few values
    cannot reach ``confidence``; then the whole range is returned with the confidence that it has: 75 % for 3 values,
    94 % for 5. Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no values, no median")
    ordered = sorted(values)
    count = len(ordered)
    rank = max((k for k in range(2, count // 2 + 1) if coverage(count, k) >= confidence), default=1)
    return Interval(ordered[rank - 1], ordered[count - rank], coverage(count, rank))


def coverage(count: int, rank: int) -> float:
    """Probability that the median lies between the ``rank``-th smallest and ``rank``-th largest of ``count`` values."""
    fewer = sum(math.comb(count, k) for k in range(rank))
    return max(0.0, 1 - math.ldexp(fewer, 1 - count))


def midmean(values: Sequence[float]) -> float:
    """The mean of the middle half: steady as a mean where nothing lies far off, and deaf as a median to what does.

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no values, no mean")
    ordered = sorted(values)
    cut = len(ordered) // 4
    return statistics.fmean(ordered[cut : len(ordered) - cut])
