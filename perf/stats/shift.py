"""How far the new sessions lie from the baseline's: a regression with priors, and its Student interval.

The model of a session's level (perf.stats.level), on a log scale::

    level = usual level + shift, if new + slope * (probe - usual probe) + luck of the night + luck of the session

- Luck is normal with an unknown variance, for which a prior speaks until there are enough sessions. That of a night is
  shared by its sessions: more of them tell nothing about it. How large it is, the baseline's nights tell.
- ``slope`` is how far the machine's own speed, as the probe shows it, goes into the level: the drift over hours.

Conjugate normal-inverse-gamma regression (Gelman et al., Bayesian Data Analysis, 3rd ed., sections 14.2 and 14.7),
flat on level and shift: with no weight on the priors it is the two-sample t-test with a covariate. The night's share of
the variance is the one of NIGHT_SHARES with the highest posterior probability.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from perf.stats.level import Level

Floats = NDArray[np.float64]

FLAT = 1e-9
NIGHT_GAP_S = 4 * 3600.0  # sessions further apart than this are of different nights

# Variance of a night over that of a session, and what each is believed before there are two nights to tell.
NIGHT_SHARES = {0.0: 0.15, 0.25: 0.4, 0.5: 0.25, 1.0: 0.15, 3.0: 0.05}


@dataclass(frozen=True)
class Prior:
    """What is believed before the first session: a standard deviation, worth that many sessions, and a slope."""

    sd: float
    sessions: float = 6.0
    slope: float = 0.5
    slope_sd: float = 0.25


@dataclass(frozen=True)
class Shift:
    """What is known of the shift: a Student distribution on a log scale."""

    mean: float
    scale: float
    dof: float

    def quantile(self, probability: float) -> float:
        return self.mean + self.scale * float(special.stdtrit(self.dof, probability))


def shift(baseline: Sequence[Level], new: Sequence[Level], prior: Prior) -> Shift:
    """The shift of ``new`` over ``baseline``, each at least one level."""
    levels = [*baseline, *new]
    values = np.array([one.value for one in levels])
    is_new = np.repeat([0.0, 1.0], [len(baseline), len(new)])
    design = np.column_stack([np.ones(len(levels)), is_new, centred_probes(levels, len(baseline))])
    own = np.diag([1 / one.weight for one in levels])
    night = nights(levels)
    together = (night[:, None] == night).astype(float)
    if together.all():  # one night for all: its luck is in both means
        return _fit(values, design, own, prior)[1]
    fits = ((_fit(values, design, own + share * together, prior), math.log(p)) for share, p in NIGHT_SHARES.items())
    return max(((evidence + belief, found) for (evidence, found), belief in fits), key=lambda pair: pair[0])[1]


def _fit(values: Floats, design: Floats, covariance: Floats, prior: Prior) -> tuple[float, Shift]:
    """The log evidence, up to a constant, and the shift, where the luck's covariance is known up to a factor."""
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    values, design = whitener @ values, whitener @ design
    precision = np.diag([FLAT, FLAT, (prior.sd / prior.slope_sd) ** 2])
    believed = np.array([0.0, 0.0, prior.slope])

    information = design.T @ design + precision
    spread = np.linalg.inv(information)
    estimate = spread @ (design.T @ values + precision @ believed)
    residuals = values - design @ estimate
    unexplained = residuals @ residuals + (estimate - believed) @ precision @ (estimate - believed)
    dof = prior.sessions + len(values) - 2
    squares = prior.sessions * prior.sd**2 + unexplained
    evidence = np.log(np.diag(whitener)).sum() - np.linalg.slogdet(information)[1] / 2 - dof / 2 * math.log(squares)
    return float(evidence), Shift(float(estimate[1]), math.sqrt(squares / dof * spread[1, 1]), dof)


def centred_probes(levels: Sequence[Level], usual: int) -> Floats:
    """The probes' levels less the mean of the first ``usual``; zeros if a session has none, or one of its own kind."""
    known = [one.control for one in levels if one.control is not None]
    if len(known) < len(levels) or len({one.probe for one in levels}) > 1:
        return np.zeros(len(levels))
    places: Floats = np.array(known)
    centred: Floats = places - places[:usual].mean()
    return centred


def nights(levels: Sequence[Level]) -> NDArray[np.intp]:
    """A number per level: levels measured without a gap of NIGHT_GAP_S between them have the same."""
    order = np.argsort([one.measured_s for one in levels], kind="stable")
    times = np.array([one.measured_s for one in levels])[order]
    number = np.empty(len(levels), dtype=np.intp)
    number[order] = np.cumsum(np.diff(times, prepend=times[0]) > NIGHT_GAP_S)
    return number
