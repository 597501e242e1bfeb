"""Two stacks, measured in turns: what their pairs of generations say of the candidate's change over the reference.

The log ratio of a pair, candidate over reference, is modelled as::

    log ratio = change + order of the two workers + luck of the two workers + noise of the pair

The luck of a process, its memory layout for example, is shared by all its generations; only fresh workers average it
out. So is what comes of the order in which the two were started, which alternates: here the first of two identical
workers was 1 % slower. Luck and noise are normal, with unknown standard deviations that have priors; the change has a
flat one. Its posterior is found by summing over a grid of the two (Gelman et al., Bayesian Data Analysis, 3rd ed.,
sections 5.4 and 15.1: the hierarchical normal model, with a regressor).

It is looked at after each pair of workers, LOOKS times at most. What is said at any look may be wrong with the
probabilities ALARM and MISS in all: every look has an equal share of them, which by Bonferroni's inequality holds
however the looks depend on each other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from perf.stats.verdict import percent
from perf.stats.watch import LATENCY

Floats = NDArray[np.float64]
Groups = Mapping[int, Sequence[float]]  # the pairs' log ratios, by number of the pair of workers

TOLERANCE = LATENCY.tolerance
LOOKS = 8
PAIRS_PER_WORKERS = 3
FEWEST_WORKERS = 2  # pairs of them, before a row is called slower
ALARM = 0.01  # of a row that did not change: to be called slower at any look, and as much to be called faster
MISS = 0.05  # of an interval: not to reach far enough to one side, at any look

# Standard deviations of a pair's noise and of a pair of workers' luck, with how far each is believed. Chosen with the
# first recorded pairs of the full-size model at hand: 0.4 to 0.9 % between pairs of the same workers, and 0.6 % between
# those of others, once the order in which they were started is taken out.
NOISE_SDS = np.geomspace(0.0005, 0.2, 25)
NOISE_SD, NOISE_FACTOR = 0.012, 2.5
ORDER_SD = 0.01  # of what it changes that the one worker was started first, before any data
LUCK_SDS = {0.0: 0.1, 0.001: 0.2, 0.002: 0.25, 0.004: 0.25, 0.008: 0.15, 0.016: 0.05}


class PairedVerdict(StrEnum):
    """What may be said of a row in two stacks."""

    REGRESSED = "regressed"
    IMPROVED = "improved"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"
    INVALID = "invalid"


@dataclass(frozen=True)
class Change:
    """What is known of the change, on a log scale: a mixture of normal distributions, one per point of the grid."""

    means: Floats
    sds: Floats
    weights: Floats

    @property
    def mean(self) -> float:
        return float(self.weights @ self.means)

    def below(self, value: float) -> float:
        """The probability that the change is below ``value``."""
        return float(self.weights @ special.ndtr((value - self.means) / self.sds))

    def quantile(self, probability: float) -> float:
        reach = 12 * float(self.sds.max())
        low, high = float(self.means.min()) - reach, float(self.means.max()) + reach
        return float(optimize.brentq(lambda value: self.below(value) - probability, low, high))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Candidate over reference: the ratio, between ``low`` and ``high``, each missed with the probability MISS."""

    verdict: PairedVerdict
    ratio: float
    low: float
    high: float
    pairs: int
    workers: int
    more_pairs: int = 0

    @property
    def interval(self) -> str:
        return f"{percent(self.low)} to {percent(self.high)}"

    @property
    def sentence(self) -> str:
        """The change, its interval and what it took to find them, without the verdict."""
        workers = "one pair" if self.workers == 1 else f"{self.workers} pairs"
        effort = f"{self.pairs} pairs by {workers} of workers"
        more = f"; about {self.more_pairs} more pairs would tell" if self.more_pairs else ""
        return f"{percent(self.ratio)} ({self.interval}), {effort}{more}"

    def __str__(self) -> str:
        return f"{self.verdict}: {self.sentence}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def change(groups: Groups) -> Change:
    """The posterior of the change, from at least one pair. Where the number is odd, the candidate was started first."""
    counts = np.array([len(group) for group in groups.values()], dtype=np.float64)
    places = np.array([np.mean(group) for group in groups.values()])
    squares = sum(float(((np.array(group) - np.mean(group)) ** 2).sum()) for group in groups.values())
    design = np.array([[1.0, 1.0 if number % 2 else -1.0] for number in groups])
    means, sds, logs = [], [], []
    for noise, (luck, belief) in itertools.product(NOISE_SDS, LUCK_SDS.items()):
        mean, sd, between = _given(luck**2 + noise**2 / counts, design, places)
        inside = -(counts.sum() - len(counts)) * math.log(noise) - squares / (2 * noise**2)
        believed = math.log(belief) - (math.log(noise / NOISE_SD) / math.log(NOISE_FACTOR)) ** 2 / 2
        means.append(mean)
        sds.append(sd)
        logs.append(believed + inside + between)
    weights = np.exp(np.array(logs) - max(logs))
    return Change(np.array(means), np.array(sds), weights / weights.sum())


def _given(variances: Floats, design: Floats, places: Floats) -> tuple[float, float, float]:
    """Mean and standard deviation of the change where all variances are known, and the log likelihood of that."""
    weighted = design / variances[:, None]
    information = weighted.T @ design + np.diag([0.0, ORDER_SD**-2])
    products = weighted.T @ places
    spread = np.linalg.inv(information)
    unexplained = float((places**2 / variances).sum() - products @ spread @ products)
    log_likelihood = -(float(np.log(variances).sum()) + float(np.linalg.slogdet(information)[1]) + unexplained) / 2
    return float((spread @ products)[0]), math.sqrt(spread[0, 0]), log_likelihood


def compare(groups: Groups, tolerance: float = TOLERANCE) -> Comparison:
    """What may be said after the last of these pairs of workers, each with at least one pair."""
    found = change(groups)
    verdict = _verdict(found, len(groups), math.log1p(tolerance))
    pairs = sum(map(len, groups.values()))
    return Comparison(
        verdict=verdict,
        ratio=math.exp(found.mean),
        low=math.exp(found.quantile(MISS / LOOKS)),
        high=math.exp(found.quantile(1 - MISS / LOOKS)),
        pairs=pairs,
        workers=len(groups),
        more_pairs=more_pairs(groups, tolerance) if verdict is PairedVerdict.UNDECIDED else 0,
    )


def _verdict(found: Change, workers: int, tolerance: float) -> PairedVerdict:
    miss, alarm = MISS / LOOKS, ALARM / (LOOKS - FEWEST_WORKERS + 1)
    if found.below(-tolerance) < miss and found.below(tolerance) > 1 - miss:
        return PairedVerdict.EQUIVALENT
    if workers >= FEWEST_WORKERS and found.below(0) < alarm:
        return PairedVerdict.REGRESSED
    if workers >= FEWEST_WORKERS and found.below(0) > 1 - alarm:
        return PairedVerdict.IMPROVED
    return PairedVerdict.UNDECIDED


def more_pairs(groups: Groups, tolerance: float = TOLERANCE) -> int:
    """How many more pairs it would take, if those to come are like those that were."""
    found = change(groups)
    each = float(np.mean([len(group) for group in groups.values()]))
    limit = math.log1p(tolerance)
    to_tell = abs(found.mean) / _z(1 - ALARM / (LOOKS - FEWEST_WORKERS + 1))
    to_exclude = (limit - abs(found.mean)) / _z(1 - MISS / LOOKS)
    wanted_sd = max(to_tell, to_exclude)
    now_sd = math.sqrt(float(found.weights @ (found.sds**2 + (found.means - found.mean) ** 2)))
    workers = float(len(groups) * (now_sd / wanted_sd) ** 2)
    return max(1, math.ceil(workers - len(groups))) * math.ceil(each)


def _z(probability: float) -> float:
    """The standard normal quantile."""
    return float(special.ndtri(probability))
