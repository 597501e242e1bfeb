"""The shift that all rows of a ladder share: one regression over the levels of all of them.

Where no software differs, what all rows have in common is the machine. The model of a level of a row, on a log scale::

    level = usual level of the row + (shift of the machine + the row's own deviation), if new
            + covariates of the row + luck of the session + drift of the machine + luck of the night

- The three kinds of luck and the covariates are those of perf.stats.shift, with the sessions' standard deviation of
  each row. Drift and nights are the machine's, so that rows measured together share them: twelve rows of one night
  know no more of that night than one.
- The luck of the present night is part of what is asked for: what the machine did tonight, by luck or not. So it is no
  noise, but for a night that the baseline has sessions of.
- A row's own deviation is normal, with a standard deviation tau which nobody knows: rows that lean on memory follow
  another change than rows that lean on products. It is averaged over a grid, as in a meta-analysis with random effects
  (Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.5). Rows that disagree make a shared shift uncertain.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from perf.stats.belief import BELIEF, Belief
from perf.stats.level import Level
from perf.stats.mixture import Mixture
from perf.stats.regression import Coefficients, Fits, Whitened, around_zero, flat, regression, whitened
from perf.stats.shift import (
    FEWEST_TELLING,
    Prior,
    centred_covariates,
    covariances,
    covariate_coefficients,
    fit,
    nights,
    row_fits,
)

Floats = NDArray[np.float64]

FEWEST_ROWS = 2  # that show what the machine did

# From next to no deviation to rows that have nothing in common; small ones are the more plausible.
TAUS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
TAU_WEIGHTS = (0.2, 0.2, 0.2, 0.2, 0.1, 0.06, 0.04)

# Of what a row has beyond the shift of the others, so much at most is put down to its own way of following the machine,
# however much the others differ: the burden of proof is on the excuse.
MOST_TAU_EXCUSED = 0.01


@dataclass(frozen=True)
class RowLevels:
    """The levels of one row on a log scale: those of its baseline, and the new ones; at least one of each."""

    baseline: Sequence[Level]
    new: Sequence[Level]


@dataclass(frozen=True)
class Beside:
    """One row beside the others: the shift that those share, and what is left of the row's own beyond it.

    ``others`` counts them.
    """

    machine: Mixture
    remainder: Mixture
    others: int


class PooledRows:
    """The levels of one quantity in all rows of a ladder, by row."""

    def __init__(self, rows: Mapping[str, RowLevels], prior: Prior, belief: Belief = BELIEF) -> None:
        self._rows = dict(rows)
        self._prior = prior
        self._belief = belief
        self._names = list(rows)

    def machine(self) -> Mixture:
        """Return the shift of the machine, as a log ratio, from all rows."""
        fits_by_tau = {
            tau: self._fits(self._shared_coefficients().followed_by(self._deviations(len(self._rows), tau)))
            for tau in TAUS
        }
        return self._mixed(fits_by_tau)

    def beside(self, name: str) -> Beside:
        """Return what the other rows show of the machine, and what is left of this row's shift, both as log ratios."""
        before = self._names.index(name)
        after = len(self._rows) - before - 1
        alone = shift_within_a_night(self._rows[name], self._prior, self._belief)
        machine, remainder = {}, {}
        for tau in TAUS:
            coefficients = self._shared_coefficients()
            for deviations in (self._deviations(before, tau), flat(1), self._deviations(after, tau)):
                coefficients = coefficients.followed_by(deviations)
            machine[tau] = self._fits(coefficients)
            own = self._fits(coefficients, wanted=self._first_deviation + before)
            excused = np.sqrt(own.variances) * min(tau, MOST_TAU_EXCUSED) / self._prior.sd
            scales = np.hypot(np.maximum(own.scales, alone.scale), excused)
            remainder[tau] = replace(own, scales=scales, dof=float(alone.dofs[0]))
        return Beside(machine=self._mixed(machine), remainder=self._mixed(remainder), others=len(self._rows) - 1)

    @property
    def _first_deviation(self) -> int:
        """The number of the first row's own deviation among the columns."""
        return 3 * len(self._rows) + 1

    def _shared_coefficients(self) -> Coefficients:
        """Return what is believed of usual levels, the machine's shift, and the covariates."""
        count = len(self._rows)
        return flat(count + 1).followed_by(covariate_coefficients(self._prior, rows=count))

    def _deviations(self, count: int, tau: float) -> Coefficients:
        return around_zero(count, (self._prior.sd / tau) ** 2)

    def _fits(self, coefficients: Coefficients, wanted: int | None = None) -> Fits:
        """Fit all levels; the centres and scales are those of the machine's shift if no other column is wanted."""
        number = len(self._rows) if wanted is None else wanted
        return regression(self._whitened, coefficients, self._prior.sd, self._prior.sessions, wanted=number)

    def _mixed(self, fits_by_tau: Mapping[float, Fits]) -> Mixture:
        """Average over tau and over the belief's grid."""
        fits = list(fits_by_tau.values())
        log_likelihoods = np.stack([each.log_likelihoods for each in fits])
        log_taus = np.log(np.array(TAU_WEIGHTS))[:, None, None, None]
        return Mixture.of(
            np.stack([each.means for each in fits]),
            np.stack([each.scales for each in fits]),
            fits[0].dof,
            log_taus + self._belief.log_weights + log_likelihoods,
        )

    @functools.cached_property
    def _whitened(self) -> Whitened:
        """All levels, and all columns: usual levels, whether new, covariates, and whether new by row."""
        values = np.array([level.value for level in self._levels])
        is_new = self._is_new[:, None]
        columns = np.column_stack([self._of_row, is_new, self._covariate_columns(), self._of_row * is_new])
        return whitened(values, columns, self._covariance())

    @functools.cached_property
    def _levels(self) -> list[Level]:
        """All levels, row by row, the baseline's first."""
        return [level for row in self._rows.values() for level in (*row.baseline, *row.new)]

    @functools.cached_property
    def _of_row(self) -> Floats:
        """1 where a level is of a row, else 0: of shape (levels, rows)."""
        counts = [len(row.baseline) + len(row.new) for row in self._rows.values()]
        return np.repeat(np.eye(len(counts)), counts, axis=0)

    @functools.cached_property
    def _is_new(self) -> Floats:
        """1 for a new level, 0 for one of a baseline."""
        return np.concatenate([np.repeat([0.0, 1.0], [len(row.baseline), len(row.new)]) for row in self._rows.values()])

    def _covariate_columns(self) -> Floats:
        """Return the probes of each row, and then the CPUs in use of each; 0 at the levels of other rows."""
        pairs = [centred_covariates([*row.baseline, *row.new], len(row.baseline)) for row in self._rows.values()]
        own = np.concatenate(pairs)
        columns: Floats = np.column_stack([self._of_row * own[:, [0]], self._of_row * own[:, [1]]])
        return columns

    def _covariance(self) -> Floats:
        """Return the covariances of the luck, up to the unknown variance, of shape (drifts, night shares, n, n)."""
        per_row = [sd_of(row.baseline, self._prior, self._belief) for row in self._rows.values()]
        sds = self._of_row @ np.array(per_row) / self._prior.sd
        luck: Floats = np.outer(sds, sds) * covariances(self._levels, self._shared_nights())
        return luck

    def _shared_nights(self) -> Floats:
        """1 where two levels share the luck of a night that a baseline has sessions of, else 0."""
        night = nights(self._levels)
        is_known = np.isin(night, night[self._is_new == 0])
        shared: Floats = ((night[:, None] == night) & is_known[:, None]).astype(np.float64)
        return shared


def shift_within_a_night(row: RowLevels, prior: Prior, belief: Belief) -> Mixture:
    """Return a row's shift by its own sessions alone, without the luck of nights, which the other rows share.

    A row that is noisier than the others is so by the sessions that it has, of which there are few: what is left of its
    shift is no more certain than this, whatever all rows together know of the noise.
    """
    levels = [*row.baseline, *row.new]
    is_new = np.repeat([0.0, 1.0], [len(row.baseline), len(row.new)])
    design = np.column_stack([np.ones(len(levels)), is_new, centred_covariates(levels, len(row.baseline))])
    no_nights = np.zeros((len(levels), len(levels)))
    fits = fit(levels, design, covariances(levels, no_nights), prior)
    return Mixture.of(fits.means, fits.scales, fits.dof, belief.log_weights + fits.log_likelihoods)


def sd_of(levels: Sequence[Level], prior: Prior, belief: Belief) -> float:
    """Return the standard deviation of a session of typical weight, as levels of one software show it."""
    if len(levels) < FEWEST_TELLING:
        return prior.sd
    fits = row_fits(levels, prior)
    weights = belief.after([fits.log_likelihoods]).weights
    return math.exp(float((weights * np.log(fits.variances)).sum() / 2))
