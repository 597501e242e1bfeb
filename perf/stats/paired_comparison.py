"""The comparison of two sides, measured in turns: the candidate's change over the reference, and the verdict on it.

The log ratio of the same two workers, candidate over reference, is the mean of a value for each of their pairs
(perf.stats.pooled_pairs), which is modelled as::

    value = change + order of the two workers + luck of the two workers + noise of the pair

The luck of a process (a random effect), its memory layout for example, is shared by all its generations; only fresh
workers average it out. So is the effect of the order in which the two were started, which alternates: the first of two
identical workers has been up to 1 % slower. Luck and noise are normal, with unknown standard deviations that have
priors; the change has a flat one. Its posterior is found by summing over a grid of the two (Gelman et al., Bayesian
Data Analysis, 3rd ed., sections 5.4 and 15.1: the hierarchical normal model, with a regressor).

The pairs are looked at LOOKS times at most, whether fresh workers or more pairs by the same ones have come since the
last look. The verdicts of all looks together are wrong with the probabilities ALARM and MISS: every look has an equal
share of them, which by Bonferroni's inequality holds however the looks depend on each other. The first look sees one
pair of workers, which cannot raise an alarm. What comes between two looks is decided by the noise, the luck and the
seconds that they cost (perf.stats.paired_plan), never by the change that was seen: that would favour one side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from perf.stats.mixture import Mixture
from perf.stats.verdict import percent
from perf.stats.watch import LATENCY

Floats = NDArray[np.float64]
Groups = Mapping[int, Sequence[float]]  # the pairs' values, log ratios, by number of the pair of workers

TOLERANCE = LATENCY.tolerance
LOOKS = 12
PAIRS_PER_WORKERS = 3
FEWEST_WORKERS = 2  # pairs of them, before a row is called slower
FOUND = 0.95  # the probability with which a slowdown of ``Comparison.sees`` is found
ALARM = 0.01  # that a row that did not change is called slower at any look; as much, that it is called faster
MISS = 0.05  # that an interval does not reach far enough to one side, at any look
ALARM_AT_A_LOOK = ALARM / (LOOKS - FEWEST_WORKERS + 1)
MISS_AT_A_LOOK = MISS / LOOKS

# Standard deviations of a pair's noise and of a pair of workers' luck, with how far each is believed. The noise was
# chosen with the first recorded pairs of the full-size model at hand: 0.4 to 0.9 % between pairs of the same workers.
# Of the luck, two or three pairs of workers tell next to nothing: three of sixteen workers of IPEX were 2.5 % slower
# than most of the others (tests/data/pairs/turin-ipex-bf16-3.jsonl). So much of the belief lies above what most rows
# show, 0.3 to 0.6 %, and rows of little luck take a pair of workers more.
NOISE_SDS = np.geomspace(0.0005, 0.2, 25)
NOISE_SD, NOISE_FACTOR = 0.012, 2.5
# Of the effect of the order, before any data: half of what the first worker is slower by, which was up to 1 %. If more
# of it were believed, every other worker's luck would pass for it.
ORDER_SD = 0.003
LUCK_SDS = {0.0: 0.03, 0.001: 0.05, 0.002: 0.1, 0.004: 0.22, 0.008: 0.25, 0.016: 0.25, 0.032: 0.1}

# The grid of the two, as columns of points.
GRID_NOISE, GRID_LUCK = (axis.ravel() for axis in np.meshgrid(NOISE_SDS, list(LUCK_SDS), indexing="ij"))
LOG_PRIOR = np.log(np.tile(list(LUCK_SDS.values()), len(NOISE_SDS))) - (
    (np.log(GRID_NOISE / NOISE_SD) / math.log(NOISE_FACTOR)) ** 2 / 2
)


class PairedVerdict(StrEnum):
    """What holds of a row in two stacks, or of a row beside another."""

    REGRESSED = "regressed"
    IMPROVED = "improved"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"
    DISTURBED = "disturbed"
    INVALID = "invalid"


MOVED = {PairedVerdict.REGRESSED, PairedVerdict.IMPROVED}


@dataclass(frozen=True)
class Change(Mixture):
    """The posterior of the change, on a log scale: a mixture of normal distributions, one per point of the grid.

    ``noise_variance`` and ``luck_variance`` are the means of the model's two variances.
    """

    noise_variance: float
    luck_variance: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Candidate over reference: the ratio between ``low`` and ``high``, and the verdict.

    Over all looks, the true ratio is beyond either bound with the probability MISS at most. ``sees`` is the smallest
    slowdown, as a ratio, that an interval as wide as this one would have shown with the probability FOUND.
    ``tolerance`` is the change that matters, as a fraction. ``pairs`` and ``workers`` count what it rests on;
    ``more_pairs`` is about how many more would decide, 0 where it is decided.
    """

    verdict: PairedVerdict
    ratio: float
    low: float
    high: float
    sees: float
    pairs: int
    workers: int
    more_pairs: int = 0
    tolerance: float = TOLERANCE

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
        """Return the fields."""
        return asdict(self)


def change(groups: Groups, scale: float = 1.0) -> Change:
    """Return the posterior of the change, by the model of the module's docstring.

    Args:
        groups: the values of the pairs, at least one for each pair of workers, by its number. Where the number is
            odd, the candidate was started first.
        scale: how much noisier than a latency the quantity is known to be; all beliefs about its noise are so much
            wider.
    """
    scaled = [np.array(group) / scale for group in groups.values()]
    counts = np.array([len(group) for group in scaled], dtype=np.float64)
    group_means = np.array([np.mean(group) for group in scaled])
    squares = sum(float(((group - np.mean(group)) ** 2).sum()) for group in scaled)
    variances = GRID_LUCK[:, None] ** 2 + GRID_NOISE[:, None] ** 2 / counts
    means, sds, between = _fit(variances, orders(groups), group_means)
    within = -(counts.sum() - len(counts)) * np.log(GRID_NOISE) - squares / (2 * GRID_NOISE**2)
    log_weights = LOG_PRIOR + within + between
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    return Change(
        means=scale * means,
        scales=scale * sds,
        dofs=np.full_like(means, np.inf),
        weights=weights,
        noise_variance=scale**2 * float(weights @ GRID_NOISE**2),
        luck_variance=scale**2 * float(weights @ GRID_LUCK**2),
    )


def orders(numbers: Iterable[int]) -> Floats:
    """Return 1 for each pair of workers whose candidate was started first, -1 for the others."""
    return np.array([1.0 if number % 2 else -1.0 for number in numbers])


def _fit(variances: Floats, order: Floats, group_means: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit the change and the effect of the order where all variances are known, at each point of the grid.

    Args:
        variances: those of the groups' means, of shape (points, groups).
        order: of the two workers, 1 or -1, of shape (groups,).
        group_means: mean log ratios, of shape (groups,).

    Returns:
        Means and standard deviations of the change, and the log likelihoods of the variances, up to a constant; all of
        shape (points,).
    """
    precisions = 1 / variances
    total = precisions.sum(axis=1)
    crossed = precisions @ order
    of_order = total + ORDER_SD**-2  # order**2 is 1
    determinant = total * of_order - crossed**2
    plain_sum, order_sum = precisions @ group_means, precisions @ (order * group_means)
    means = (of_order * plain_sum - crossed * order_sum) / determinant
    order_effects = (total * order_sum - crossed * plain_sum) / determinant
    unexplained = precisions @ group_means**2 - means * plain_sum - order_effects * order_sum
    log_likelihoods = -(np.log(variances).sum(axis=1) + np.log(determinant) + unexplained) / 2
    return means, np.sqrt(of_order / determinant), log_likelihoods


def compare(groups: Groups, tolerance: float = TOLERANCE, scale: float = 1.0) -> Comparison:
    """Compare the two sides after the last of these pairs of workers.

    Args:
        groups: as for ``change``.
        tolerance: the change that matters, as a fraction.
        scale: as for ``change``.
    """
    posterior = change(groups, scale)
    verdict = _verdict(posterior, len(groups), math.log1p(tolerance))
    pairs = sum(map(len, groups.values()))
    return Comparison(
        verdict=verdict,
        ratio=math.exp(posterior.mean),
        low=math.exp(posterior.quantile(MISS_AT_A_LOOK)),
        high=math.exp(posterior.quantile(1 - MISS_AT_A_LOOK)),
        sees=math.exp(smallest_found(posterior)),
        pairs=pairs,
        workers=len(groups),
        more_pairs=more_pairs(groups, posterior, tolerance) if verdict is PairedVerdict.UNDECIDED else 0,
        tolerance=tolerance,
    )


def _verdict(posterior: Change, workers: int, tolerance: float) -> PairedVerdict:
    """Decide at one look; ``tolerance`` is a log ratio."""
    is_not_faster = posterior.below(-tolerance) < MISS_AT_A_LOOK
    is_not_slower = posterior.below(tolerance) > 1 - MISS_AT_A_LOOK
    if is_not_faster and is_not_slower:
        return PairedVerdict.EQUIVALENT
    if workers < FEWEST_WORKERS:
        return PairedVerdict.UNDECIDED
    if posterior.below(0) < ALARM_AT_A_LOOK:
        return PairedVerdict.REGRESSED
    if posterior.below(0) > 1 - ALARM_AT_A_LOOK:
        return PairedVerdict.IMPROVED
    return PairedVerdict.UNDECIDED


def smallest_found(posterior: Change) -> float:
    """Return the log ratio of the smallest slowdown that one look finds with the probability FOUND.

    It is found where the posterior's mean lies further above 0 than the quantile of ALARM_AT_A_LOOK lies below the
    mean; and the mean lies around the true change as the change lies around the mean.
    """
    needed = posterior.mean - posterior.quantile(ALARM_AT_A_LOOK)
    scatter = posterior.mean - posterior.quantile(1 - FOUND)
    return needed + scatter


def more_pairs(groups: Groups, posterior: Change, tolerance: float = TOLERANCE) -> int:
    """Estimate how many more pairs it would take to decide, if those to come are like those before.

    The ``posterior`` is that of the groups. Its standard deviation falls with the square root of the number of pairs of
    workers. It is to become small enough either to tell the change from none or to exclude the tolerance, whichever
    takes less.
    """
    pairs_per_workers = float(np.mean([len(group) for group in groups.values()]))
    limit = math.log1p(tolerance)
    sd_to_tell = abs(posterior.mean) / _z(1 - ALARM_AT_A_LOOK)
    sd_to_exclude = (limit - abs(posterior.mean)) / _z(1 - MISS_AT_A_LOOK)
    wanted_sd = max(sd_to_tell, sd_to_exclude)
    workers = float(len(groups) * (posterior.scale / wanted_sd) ** 2)
    return max(1, math.ceil(workers - len(groups))) * math.ceil(pairs_per_workers)


def _z(probability: float) -> float:
    """Return the standard normal quantile."""
    return float(special.ndtri(probability))
