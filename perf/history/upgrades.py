"""The software of a row through the years: how much slower each stack is than another, by all ratios together.

A night on which the stack differs from the row's anchor has measured the ratio of the two. When that stack is accepted
it becomes the anchor, and later stacks are measured against it. So stacks are the nodes of a graph and ratios its
edges, and the log ratio of any two that are connected follows by weighted least squares: along a chain, log ratios and
variances add; where a stack was measured against two anchors, both count. It is the network of Lumley, "Network
meta-analysis for indirect treatment comparisons", Statistics in Medicine 21 (2002), without its incoherence.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perf.history.points import Point
from perf.stats.change_points import FLOOR_SD, ONE_SIDED

Floats = NDArray[np.float64]
Edge = tuple[str, str]  # a stack and the anchor that it was measured against


@dataclass(frozen=True)
class LogRatio:
    """A log ratio and its variance."""

    value: float
    variance: float

    @property
    def ratio(self) -> float:
        return math.exp(self.value)

    @property
    def low(self) -> float:
        """The ratio that it lies below with a probability of 5 %."""
        return math.exp(self.value - ONE_SIDED * math.sqrt(self.variance))

    @property
    def high(self) -> float:
        """The ratio that it lies above with a probability of 5 %."""
        return math.exp(self.value + ONE_SIDED * math.sqrt(self.variance))


@dataclass(frozen=True)
class SoftwareRatios:
    """Log ratios of the stacks of a row, each to the first one of those that it is connected with.

    ``places`` are the stacks' numbers, by digest, and ``groups`` the number of the first one that each is connected
    with; ``values`` and ``covariances`` are by these numbers.
    """

    places: Mapping[str, int]
    groups: Sequence[int]
    values: Floats
    covariances: Floats

    @classmethod
    def of(cls, points: Iterable[Point]) -> SoftwareRatios:
        """Read the points of one row, the earliest first."""
        edges: dict[Edge, list[LogRatio]] = defaultdict(list)
        places: dict[str, int] = {}
        for point in points:
            if point.to_anchor is not None:
                places.setdefault(point.to_anchor.anchor, len(places))
            places.setdefault(point.stack, len(places))
            if (measured := measured_ratio(point)) is not None and point.to_anchor is not None:
                edges[point.stack, point.to_anchor.anchor].append(measured)
        groups = _groups(places, edges)
        return cls(places, groups, *_fitted(places, groups, {edge: pooled(each) for edge, each in edges.items()}))

    def between(self, before: str, after: str) -> LogRatio | None:
        """Return the log ratio of one stack's seconds to another's; None where nothing connects them."""
        if before == after:
            return LogRatio(0.0, 0.0)
        first, second = self.places.get(before), self.places.get(after)
        if first is None or second is None or self.groups[first] != self.groups[second]:
            return None
        own = self.covariances
        variance = own[first, first] + own[second, second] - 2 * own[first, second]
        return LogRatio(float(self.values[second] - self.values[first]), max(float(variance), 0.0))


def measured_ratio(point: Point) -> LogRatio | None:
    """Return what a night has measured of its stack against the anchor; None if they are the same, or it has not."""
    found = point.to_anchor
    if found is None or found.anchor == point.stack:
        return None
    if not (0 < found.low <= found.ratio <= found.high < math.inf):  # NaN is none of that
        return None
    sd = math.log(found.high / found.low) / (2 * ONE_SIDED)  # beyond either side with a probability of 5 %
    return LogRatio(math.log(found.ratio), sd**2 + FLOOR_SD**2)


def pooled(nights: Sequence[LogRatio]) -> LogRatio:
    """Return the mean of what several nights say of the same two stacks, each by its variance.

    Where they differ by more than their variances allow, the mean's is larger in proportion: Birge, "The calculation of
    errors by the method of least squares", Physical Review 40 (1932).
    """
    values = np.array([night.value for night in nights])
    weights = np.array([1 / night.variance for night in nights])
    mean = float(weights @ values / weights.sum())
    excess = float(weights @ (values - mean) ** 2) / max(len(nights) - 1, 1)
    return LogRatio(mean, max(excess, 1.0) / float(weights.sum()))


def _groups(places: Mapping[str, int], edges: Iterable[Edge]) -> list[int]:
    """Return for each stack the number of the first one that edges connect it with."""
    groups = list(range(len(places)))
    for edge in edges:
        one, other = (groups[places[stack]] for stack in edge)
        groups = [min(one, other) if group in (one, other) else group for group in groups]
    return groups


def _fitted(places: Mapping[str, int], groups: Sequence[int], edges: Mapping[Edge, LogRatio]) -> tuple[Floats, Floats]:
    """Fit the log ratios of all stacks to the first of their groups, which are 0 and sure."""
    count = len(places)
    normal, right = np.zeros((count, count)), np.zeros(count)
    for (stack, anchor), measured in edges.items():
        direction = np.zeros(count)
        direction[places[stack]], direction[places[anchor]] = 1.0, -1.0
        normal += np.outer(direction, direction) / measured.variance
        right += direction * measured.value / measured.variance
    free = [number for number, group in enumerate(groups) if number != group]
    values, covariances = np.zeros(count), np.zeros((count, count))
    if free:
        inverse = np.linalg.inv(normal[np.ix_(free, free)])
        covariances[np.ix_(free, free)] = inverse
        values[free] = inverse @ right[free]
    return values, covariances
