"""The belief about a machine's noise: how much identical sessions differ, before and besides what its own show.

Identical sessions of a variant differ by three kinds of luck: that of each session; a slow drift of the machine, which
sessions close in time share; and that of the night, shared by all sessions of it. How large each is belongs to the
machine and is not known of the next one. So nothing is estimated and then taken for true: every combination on a grid
is weighed by how well it explains the sessions at hand, and the verdicts are averages over the grid.

The weights before any session are BELIEF. Those of a row start with what the other rows of the same ladder show: noise
is a property of the machine more than of the row, so that twelve rows of three nights know as much as one row of many
(empirical Bayes; Efron and Morris, JASA 70 (1975); for variances: Smyth, SAGMB 3 (2004), article 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """A slow drift of the machine: its variance over that of a session, and the time in which it is forgotten.

    Two sessions ``t`` seconds apart share exp(-t / time_s) of the variance (an Ornstein-Uhlenbeck process).
    """

    share: float
    time_s: float


DRIFTS = (Drift(0.0, 1.0), Drift(1.0, 300.0), Drift(1.0, 1200.0), Drift(4.0, 300.0), Drift(4.0, 1200.0))
NIGHT_SHARES = (0.0, 1.0, 4.0)  # variance of a night over that of a session
SD_FACTORS = (0.35, 0.6, 1.0, 1.7, 3.0)  # standard deviation of sessions over what is typical of the quantity
SHAPE = (len(DRIFTS), len(NIGHT_SHARES), len(SD_FACTORS))


@dataclass(frozen=True)
class Belief:
    """The weights on the grid, of shape SHAPE, as logarithms up to a constant."""

    log_weights: Floats

    @classmethod
    def of(cls, drifts: Iterable[float], nights: Iterable[float], sds: Iterable[float]) -> Self:
        """Return the belief in which the three are independent, from weights in the order of the constants above."""
        drift, night, sd = (np.log(np.fromiter(weights, np.float64)) for weights in (drifts, nights, sds))
        return cls(drift[:, None, None] + night[None, :, None] + sd[None, None, :])

    def after(self, log_likelihoods: Iterable[Floats]) -> Belief:
        """Return the belief after data that are independent of each other, given the noise. Each of shape SHAPE."""
        return Belief(self.log_weights + np.sum([np.zeros(SHAPE), *log_likelihoods], axis=0))

    @property
    def weights(self) -> Floats:
        """The weights, of shape SHAPE; they add up to 1."""
        weights = np.exp(self.log_weights - self.log_weights.max())
        normalised: Floats = weights / weights.sum()
        return normalised


# Broad: what one would believe of any shared machine. No recorded series spans nights, so that of the nights is a guess
# on the safe side: a young baseline does not claim to know them.
BELIEF = Belief.of(drifts=(0.2, 0.2, 0.2, 0.2, 0.2), nights=(0.2, 0.4, 0.4), sds=(0.1, 0.2, 0.3, 0.25, 0.15))
