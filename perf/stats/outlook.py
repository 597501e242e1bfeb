"""The outlook of a baseline: what it is going to see on another night, and how many more sessions it takes to see more.

What a row can see depends on sessions that nobody has measured yet, and on what they will tell of the machine's noise.
So they are imagined: noise as it may be after all that is known; sessions under this noise, given those at hand; and
the gate's own comparison of them. The outlook is the median over many such futures, which are seeded.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from perf.stats.belief import SHAPE, Belief, Floats
from perf.stats.decision import FALSE_ALARMS, BaselineLevels, smallest_seen, spend
from perf.stats.ladder_decision import pooled_beliefs
from perf.stats.level import Level
from perf.stats.regression import flat
from perf.stats.shift import (
    FEWEST_TELLING,
    NIGHT_GAP_S,
    Prior,
    centred_covariates,
    covariances,
    covariate_coefficients,
    row_fits,
    shift,
)
from perf.stats.verdict import MAX_SESSIONS, counted
from perf.stats.watch import LATENCY

FUTURES = 24
NIGHTS = (1, 2, 3, 4, 5, 7, 10)  # of the plans that are tried, besides that of as many nights as are kept
SEED = 20261125
DAY_S = 24 * 3600.0
SPACING_S = 600.0  # between sessions of a row, where those at hand do not tell


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Further sessions of a baseline: so many on each of so many nights."""

    nights: int
    sessions: int

    def __str__(self) -> str:
        sessions = f"{counted(self.sessions)} more"
        if self.nights == 1:
            return f"{sessions} on one more night"
        return f"{sessions} on each of {self.nights} more nights"


NOTHING_MORE = Plan(nights=0, sessions=0)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a row's baseline is going to see: the smallest slowdown that is found with a probability of 95 %.

    ``sees`` is that of another night, as a ratio such as 1.052, and ``sees_then`` what it becomes by the plan: the
    least one that reaches the tolerance, a fraction, or the best there is. None where the tolerance is seen already.
    """

    sees: float
    tolerance: float
    plan: Plan | None = None
    sees_then: float | None = None

    def __str__(self) -> str:
        """State it, in words that can follow ``3 sessions recorded``."""
        seen = f"it sees {percent(self.sees)} on another night"
        if self.plan is None or self.sees_then is None:
            return seen
        wanted = f"{100 * self.tolerance:g} %"
        if self.sees_then <= 1 + self.tolerance:
            return f"{seen}; about {self.plan} until it sees {wanted}"
        then = percent(self.sees_then)
        return f"{seen}; {wanted} is probably out of its reach: {self.plan} would make it about {then}"


def percent(ratio: float) -> str:
    """Format a ratio as a change in two digits without a sign: 1.052 as ``5.2 %``."""
    return f"{100 * (ratio - 1):.2g} %"


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The noise in one possible future: its place on the grid of perf.stats.belief, and a session's variance."""

    drift: int
    night: int
    variance: float


def outlook(name: str, references: Mapping[str, BaselineLevels], tolerance: float, *, kept: int) -> Outlook:
    """Return the outlook of one row's latency; at least one of its sessions can be read.

    Args:
        name: the row.
        references: the baselines of all rows, which share the false alarms and tell of the noise.
        tolerance: the slowdown that the row is to see, as a fraction.
        kept: how many sessions of a row its baseline keeps at most, the latest ones.
    """
    forecast = Forecast(
        levels=references[name].levels[LATENCY.name],
        belief=pooled_beliefs(references)[name][LATENCY.name],
        alpha=FALSE_ALARMS / len(references) * spend(MAX_SESSIONS, MAX_SESSIONS) * LATENCY.share,
        kept=kept,
    )
    sees = forecast.sees(NOTHING_MORE)
    if sees <= 1 + tolerance:
        return Outlook(sees=sees, tolerance=tolerance)
    plan, sees_then = best_plan(forecast, tolerance)
    return Outlook(sees=sees, tolerance=tolerance, plan=plan, sees_then=sees_then)


def best_plan(forecast: Forecast, tolerance: float) -> tuple[Plan, float]:
    """Return the plan of fewest nights, and of fewest sessions in them, that sees the tolerance, and what it sees.

    Where a session on each of as many nights as are kept does not see it, none does, and it is that plan.
    """
    widest = Plan(nights=forecast.kept, sessions=1)
    sees_then = forecast.sees(widest)
    if sees_then > 1 + tolerance:
        return widest, sees_then
    for nights in [nights for nights in NIGHTS if nights < forecast.kept]:
        most = min(MAX_SESSIONS, forecast.kept // nights)
        fullest = Plan(nights=nights, sessions=most)
        if (sees_by_fullest := forecast.sees(fullest)) > 1 + tolerance:
            continue
        for smaller in (Plan(nights=nights, sessions=sessions) for sessions in range(1, most)):
            if (sees := forecast.sees(smaller)) <= 1 + tolerance:
                return smaller, sees
        return fullest, sees_by_fullest
    return widest, sees_then


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The futures of one row's baseline.

    ``levels`` are those of its sessions, ``belief`` what other rows tell of the noise, ``alpha`` the false alarms that
    the judged quantity may cause at the last look, and ``kept`` how many sessions a baseline keeps.
    """

    levels: Sequence[Level]
    belief: Belief
    alpha: float
    kept: int
    prior: Prior = LATENCY.prior

    def sees(self, plan: Plan) -> float:
        """Return what the row sees on the night after the plan, as a ratio, by as many sessions as it may have."""
        generator = np.random.default_rng(SEED)
        planned, judged = self._planned(plan), self._on_night(plan.nights + 1, MAX_SESSIONS)
        future = [*planned, *judged]
        seen = []
        for noise in possible_noises(self.levels, self.prior, self.belief, generator):
            values = possible_values(self.levels, future, self.prior, noise, generator)
            imagined = [replace(level, value=value) for level, value in zip(future, values.tolist(), strict=True)]
            baseline = [*self.levels, *imagined[: len(planned)]][-self.kept :]
            seen.append(smallest_seen(shift(baseline, imagined[len(planned) :], self.prior, self.belief), self.alpha))
        return statistics.median(seen)

    def _planned(self, plan: Plan) -> list[Level]:
        nights = range(1, plan.nights + 1)
        return [level for night in nights for level in self._on_night(night, plan.sessions)]

    def _on_night(self, night: int, count: int) -> list[Level]:
        """Return sessions of a later night, in the conditions of those at hand; their values mean nothing."""
        began_s = max(level.measured_s for level in self.levels) + night * DAY_S
        spacing_s = usual_spacing_s(self.levels)
        alike = [self.levels[number % len(self.levels)] for number in range(count)]
        return [replace(level, measured_s=began_s + number * spacing_s) for number, level in enumerate(alike)]


def usual_spacing_s(levels: Sequence[Level]) -> float:
    """Return the usual time from one session to the next of the same night."""
    times = sorted(level.measured_s for level in levels)
    within = [gap for gap in np.diff(times).tolist() if 0 < gap <= NIGHT_GAP_S]
    return statistics.median(within) if within else SPACING_S


def possible_noises(
    levels: Sequence[Level], prior: Prior, belief: Belief, generator: np.random.Generator
) -> list[Noise]:
    """Draw FUTURES noises from what is believed after these levels: each point of the grid about in its proportion."""
    fits = row_fits(levels, prior)
    if len(levels) >= FEWEST_TELLING:
        belief = belief.after([fits.log_likelihoods])
    # Systematic sampling: evenly spaced through the cumulated weights, which leaves less to luck than free draws.
    places = (np.arange(FUTURES) + generator.random()) / FUTURES
    points = np.searchsorted(np.cumsum(belief.weights), places).clip(max=math.prod(SHAPE) - 1)
    variances = fits.variances.ravel()[points] * fits.dof / generator.chisquare(fits.dof, FUTURES)
    drifts, nights, _ = np.unravel_index(points, SHAPE)
    return [
        Noise(drift=drift, night=night, variance=variance)
        for drift, night, variance in zip(drifts.tolist(), nights.tolist(), variances.tolist(), strict=True)
    ]


def possible_values(
    known: Sequence[Level], future: Sequence[Level], prior: Prior, noise: Noise, generator: np.random.Generator
) -> Floats:
    """Draw the values of levels to come, given the known ones and the noise: no software changes.

    All levels are jointly normal, so that it is the conditional normal distribution (Gelman et al., Bayesian Data
    Analysis, 3rd ed., section 3.5) of the model in perf.stats.shift.
    """
    levels = [*known, *future]
    design = np.column_stack([np.ones(len(levels)), centred_covariates(levels, len(known))])
    coefficients = flat(1).followed_by(covariate_coefficients(prior, rows=1))
    luck = covariances(levels)[noise.drift, noise.night]
    whole = noise.variance * (luck + design / coefficients.precisions @ design.T)
    expected = design @ coefficients.means
    count = len(known)
    gain = np.linalg.solve(whole[:count, :count], whole[:count, count:]).T
    means = expected[count:] + gain @ (np.array([level.value for level in known]) - expected[:count])
    covariance = whole[count:, count:] - gain @ whole[:count, count:]
    values: Floats = means + np.linalg.cholesky(covariance) @ generator.standard_normal(len(future))
    return values
