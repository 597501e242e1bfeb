"""The shift of new sessions from the baseline's: a regression, averaged over what is believed of the noise.

The model of a session's level (perf.stats.level), on a log scale::

    level = usual level + shift, if new + slope * (probe - usual probe) + power * (CPUs in use - usual use)
            + luck of the session + drift of the machine + luck of the night

- The three kinds of luck are normal, in the proportions of a point of the grid of perf.stats.belief, with a variance
  that is not known: for it, a prior speaks until there are enough sessions.
- ``slope`` is how much of the machine's own speed, as the probe shows it, goes into the level.
- ``power`` is by how much the correction of the rounds for waiting may be wrong from session to session: it was learnt
  within sessions, and sessions that used other CPU shares are less comparable than they look.

At each point of the grid it is the regression of perf.stats.regression, flat on level and shift; with no weight on the
priors it is the two-sample t-test with covariates. The shift is the mixture of all points, by their posterior
probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perf.stats.belief import BELIEF, DRIFTS, NIGHT_SHARES, SHAPE, Belief
from perf.stats.level import Level
from perf.stats.mixture import Mixture
from perf.stats.regression import Coefficients, Fits, flat, regression, whitened

Floats = NDArray[np.float64]

FEWEST_TELLING = 2  # levels, to tell anything of the noise
NIGHT_GAP_S = 4 * 3600.0  # sessions further apart than this are of different nights


@dataclass(frozen=True)
class Prior:
    """The belief about one quantity before the first session, on a log scale.

    ``sd`` is the standard deviation that is typical between sessions, ``sessions`` how many of them it is worth;
    ``slope`` and ``slope_sd`` are how far levels follow the probe, ``use_sd`` how far they may follow the CPUs in use.
    """

    sd: float
    sessions: float = 4.0
    slope: float = 0.5
    slope_sd: float = 0.35
    use_sd: float = 1.0


def shift(baseline: Sequence[Level], new: Sequence[Level], prior: Prior, belief: Belief = BELIEF) -> Mixture:
    """Return the shift of ``new`` over ``baseline``, each at least one level, as a log ratio.

    Args:
        baseline: levels of the software that is compared with.
        new: levels of what is compared.
        prior: what is believed of the quantity.
        belief: what is believed of the machine's noise.
    """
    levels = [*baseline, *new]
    is_new = np.repeat([0.0, 1.0], [len(baseline), len(new)])
    design = np.column_stack([np.ones(len(levels)), is_new, centred_covariates(levels, len(baseline))])
    fits = fit(levels, design, covariances(levels), prior)
    return Mixture.of(fits.means, fits.scales, fits.dof, belief.log_weights + fits.log_likelihoods)


def log_evidence(levels: Sequence[Level], prior: Prior) -> Floats:
    """Return how well each point of the grid explains levels of one software, as log likelihoods up to a constant.

    A single level, or none, tells nothing of the noise.
    """
    if len(levels) < FEWEST_TELLING:
        return np.zeros(SHAPE)
    return row_fits(levels, prior).log_likelihoods


def row_fits(levels: Sequence[Level], prior: Prior) -> Fits:
    """Fit levels of one software; the centres and scales are those of the probe's slope."""
    design = np.column_stack([np.ones(len(levels)), centred_covariates(levels, len(levels))])
    return fit(levels, design, covariances(levels), prior)


def covariances(levels: Sequence[Level], same_night: Floats | None = None) -> Floats:
    """Return the covariances of the luck at the points of the grid, up to the unknown variance.

    Args:
        levels: n of them.
        same_night: 1 where two levels share the luck of a night, of shape (n, n); by default, where they are of one.

    Returns:
        Of shape (drifts, night shares, n, n).
    """
    if same_night is None:
        same_night = same_nights(levels)
    own = np.diag([1 / level.weight for level in levels])
    measured_s = np.array([level.measured_s for level in levels])
    apart_s = np.abs(measured_s[:, None] - measured_s)
    drifts = np.array([drift.share * np.exp(-apart_s / drift.time_s) for drift in DRIFTS])
    nights = np.array(NIGHT_SHARES)[:, None, None] * same_night
    whole: Floats = own + drifts[:, None] + nights[None, :]
    return whole


def fit(levels: Sequence[Level], design: Floats, covariance: Floats, prior: Prior) -> Fits:
    """Fit the levels at every point of the grid.

    Args:
        levels: n of them.
        design: ones, whether new, and the covariates, of shape (n, 4); or without the second column, (n, 3). Then the
            centres and scales are those of the first covariate, and mean nothing.
        covariance: of shape (drifts, night shares, n, n), up to the unknown variance.
        prior: what is believed of variance, slope and power.
    """
    values = np.array([level.value for level in levels])
    flat_count = design.shape[1] - 2
    coefficients = flat(flat_count).followed_by(covariate_coefficients(prior, rows=1))
    return regression(whitened(values, design, covariance), coefficients, prior.sd, prior.sessions, wanted=1)


def covariate_coefficients(prior: Prior, rows: int) -> Coefficients:
    """Return what is believed of the slopes of so many rows, and then of their powers."""
    slopes = Coefficients(np.full(rows, prior.slope), np.full(rows, (prior.sd / prior.slope_sd) ** 2))
    powers = Coefficients(np.zeros(rows), np.full(rows, (prior.sd / prior.use_sd) ** 2))
    return slopes.followed_by(powers)


def centred_covariates(levels: Sequence[Level], baseline_count: int) -> Floats:
    """Return the logs of probe and CPUs in use less the means of the baseline's, which come first: shape (n, 2)."""
    uses = [level.log_cpus_used for level in levels]
    return np.column_stack([centred_probes(levels, baseline_count), _centred(uses, baseline_count)])


def centred_probes(levels: Sequence[Level], baseline_count: int) -> Floats:
    """Return the logs of the probes less the mean of the baseline's, which come first.

    Zeros if a session has no probe, or one of another kind.
    """
    if len({level.probe_name for level in levels}) > 1:
        return np.zeros(len(levels))
    return _centred([level.log_probe_s for level in levels], baseline_count)


def _centred(logs: Sequence[float | None], baseline_count: int) -> Floats:
    known = [value for value in logs if value is not None]
    if len(known) < len(logs):
        return np.zeros(len(logs))
    values: Floats = np.array(known)
    centred: Floats = values - values[:baseline_count].mean()
    return centred


def same_nights(levels: Sequence[Level]) -> Floats:
    """Return 1 where two levels are of the same night, else 0, of shape (n, n)."""
    night = nights(levels)
    same: Floats = (night[:, None] == night).astype(np.float64)
    return same


def nights(levels: Sequence[Level]) -> NDArray[np.intp]:
    """Return the number of each level's night: levels without a gap of NIGHT_GAP_S between them share one."""
    measured_s = np.array([level.measured_s for level in levels])
    order = np.argsort(measured_s, kind="stable")
    times = measured_s[order]
    number = np.empty(len(levels), dtype=np.intp)
    number[order] = np.cumsum(np.diff(times, prepend=times[0]) > NIGHT_GAP_S)
    return number
