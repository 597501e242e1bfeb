"""How far identical workers differ for their whole lives: their luck, and whether it is less under some condition.

Workers of all conditions are measured one after the other, mixed, so that the machine's drift falls on all conditions
alike; it counts as luck. What else is left between workers is their luck, and the noise of the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

CONFIDENCE = 0.95

Groups = Sequence[Sequence[float]]  # the log times, or log ratios, of each worker


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A ratio, and the interval that holds it with the probability CONFIDENCE."""

    ratio: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.ratio:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, kw_only=True)
class Luck:
    """What some workers show, as standard deviations on a log scale.

    Attributes:
        workers: how many.
        mean: of the workers' means.
        mean_sd: of the workers' means, luck and noise together.
        noise_sd: of a value.
        luck_sd: of the workers alone, which is 0 where the noise explains all.
    """

    workers: int
    mean: float
    mean_sd: float
    noise_sd: float
    luck_sd: float

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def luck_of(groups: Groups) -> Luck:
    """Return what at least two workers show, of which one at least has two values (one-way analysis of variance)."""
    means = np.array([np.mean(group) for group in groups])
    squares = sum(float(((np.array(group) - np.mean(group)) ** 2).sum()) for group in groups)
    noise_variance = squares / (sum(map(len, groups)) - len(groups))
    mean_variance = float(means.var(ddof=1))
    of_noise = noise_variance * float(np.mean([1 / len(group) for group in groups]))
    return Luck(
        workers=len(groups),
        mean=float(means.mean()),
        mean_sd=math.sqrt(mean_variance),
        noise_sd=math.sqrt(noise_variance),
        luck_sd=math.sqrt(max(0.0, mean_variance - of_noise)),
    )


def compare(changed: Luck, usual: Luck) -> Ratio:
    """Return the standard deviation of the workers' means under a condition over the usual one.

    The interval is that of two normal samples' variances, by the F distribution. Noise is in both, so that the ratio of
    the luck alone is further from 1.
    """
    ratio = changed.mean_sd / usual.mean_sd
    low, high = stats.f.ppf([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], changed.workers - 1, usual.workers - 1)
    return Ratio(ratio=ratio, low=ratio / math.sqrt(high), high=ratio / math.sqrt(low))


def start_order(groups: Groups) -> Ratio:
    """Return how much slower the worker that was started second is than the first, from pairs of fresh workers."""
    means = [float(np.mean(group)) for group in groups]
    low, high = stats.t.interval(CONFIDENCE, len(means) - 1, loc=np.mean(means), scale=stats.sem(means))
    return Ratio(ratio=math.exp(float(np.mean(means))), low=math.exp(low), high=math.exp(high))
