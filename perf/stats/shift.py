"""The shift of new sessions from the baseline's: a regression with priors, and its Student distribution.

The model of a session's level (perf.stats.level), on a log scale::

    level = usual level + shift, if new + slope * (probe - usual probe) + luck of the night + luck of the session

- Luck (a random effect) is normal with an unknown variance, for which a prior speaks until there are enough sessions.
  That of a night is shared by its sessions: more of them tell nothing about it. How large it is, the baseline's nights
  tell.
- ``slope`` is how much of the machine's own speed, as the probe shows it, goes into the level: the drift over hours.

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
    """The belief before the first session, on a log scale.

    ``sd`` is the standard deviation between sessions, worth ``sessions`` of them; ``slope`` and ``slope_sd`` are how
    far levels follow the probe.
    """

    sd: float
    sessions: float = 6.0
    slope: float = 0.5
    slope_sd: float = 0.25


@dataclass(frozen=True)
class Shift:
    """The posterior of the shift: a Student distribution on a log scale."""

    mean: float
    scale: float
    dof: float

    def quantile(self, probability: float) -> float:
        """Return the log ratio that the shift is below with this probability."""
        return self.mean + self.scale * float(special.stdtrit(self.dof, probability))


def shift(baseline: Sequence[Level], new: Sequence[Level], prior: Prior) -> Shift:
    """Return the shift of ``new`` over ``baseline``, each at least one level.

    The regression of the module's docstring. Where all levels are of one night, its luck is in both means and cancels.
    """
    levels = [*baseline, *new]
    values = np.array([level.value for level in levels])
    is_new = np.repeat([0.0, 1.0], [len(baseline), len(new)])
    design = np.column_stack([np.ones(len(levels)), is_new, centred_probes(levels, len(baseline))])
    own = np.diag([1 / level.weight for level in levels])
    night = nights(levels)
    is_same_night = (night[:, None] == night).astype(float)
    if is_same_night.all():
        return _fit(values, design, own, prior)[1]
    fits = []
    for share, belief in NIGHT_SHARES.items():
        log_likelihood, fitted = _fit(values, design, own + share * is_same_night, prior)
        fits.append((log_likelihood + math.log(belief), fitted))
    return max(fits, key=lambda fit: fit[0])[1]


def _fit(values: Floats, design: Floats, covariance: Floats, prior: Prior) -> tuple[float, Shift]:
    """Return the log marginal likelihood, up to a constant, and the shift.

    Args:
        values: the levels, of shape (n,).
        design: ones, whether new, and the centred probe, of shape (n, 3).
        covariance: that of the luck, of shape (n, n), up to the unknown variance.
        prior: what is believed of the variance and the slope.
    """
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    values, design = whitener @ values, whitener @ design
    precision = np.diag([FLAT, FLAT, (prior.sd / prior.slope_sd) ** 2])
    prior_mean = np.array([0.0, 0.0, prior.slope])

    information = design.T @ design + precision
    spread = np.linalg.inv(information)
    estimate = spread @ (design.T @ values + precision @ prior_mean)
    residuals = values - design @ estimate
    unexplained = residuals @ residuals + (estimate - prior_mean) @ precision @ (estimate - prior_mean)
    dof = prior.sessions + len(values) - 2
    squares = prior.sessions * prior.sd**2 + unexplained
    log_determinants = np.log(np.diag(whitener)).sum() - np.linalg.slogdet(information)[1] / 2
    log_likelihood = log_determinants - dof / 2 * math.log(squares)
    return float(log_likelihood), Shift(float(estimate[1]), math.sqrt(squares / dof * spread[1, 1]), dof)


def centred_probes(levels: Sequence[Level], baseline_count: int) -> Floats:
    """Return the logs of the probes less the mean of the baseline's, which come first.

    Zeros if a session has no probe, or one of another kind.
    """
    logs = [level.log_probe_s for level in levels if level.log_probe_s is not None]
    kinds = {level.probe_name for level in levels}
    if len(logs) < len(levels) or len(kinds) > 1:
        return np.zeros(len(levels))
    probes: Floats = np.array(logs)
    centred: Floats = probes - probes[:baseline_count].mean()
    return centred


def nights(levels: Sequence[Level]) -> NDArray[np.intp]:
    """Return the number of each level's night: levels without a gap of NIGHT_GAP_S between them share one."""
    measured_s = np.array([level.measured_s for level in levels])
    order = np.argsort(measured_s, kind="stable")
    times = measured_s[order]
    number = np.empty(len(levels), dtype=np.intp)
    number[order] = np.cumsum(np.diff(times, prepend=times[0]) > NIGHT_GAP_S)
    return number
