"""The noise of a series of nights: how much they differ where nothing has changed, and which of them are bad.

A night's level has a variance that is known, from its own rounds. Nights differ by more than that, as a machine is
never quite the same, and what moves it may last for some nights. Both are estimated from the series itself, by
differences of nights that are close to each other, of which a change spoils only a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

MAD_OF_NORMAL = float(stats.norm.ppf(0.75))  # the median of the absolute values of standard normal numbers
REACH = 3.0  # standard deviations; beyond that, a value tells of a bad night and not of the noise
# The mean of min(z**2, REACH**2) of standard normal numbers z.
MEAN_OF_NORMAL = float(stats.chi2.cdf(REACH**2, 3) + REACH**2 * stats.chi2.sf(REACH**2, 1))

PRIOR_NIGHTS = 4.0  # that the prior standard deviation is worth
INDEPENDENT_NIGHTS = 20.0  # that it is worth that nights do not follow each other
MOST_CORRELATED = 0.8  # a series that follows itself more than this can show no change anyway
BESIDE, APART = (1,), (5, 6, 7)  # nights from each other: follow each other, if any do, and hardly do any more

NEIGHBOURS = 5  # nights to either side, by which a night is known to be bad
FEWEST_VOUCHING = 2  # later nights, to say that a night is a new level and not a bad one


@dataclass(frozen=True)
class NightNoise:
    """The noise of a series.

    ``variances`` are of each night by itself; ``correlation`` is that of a night with the next.
    """

    variances: Floats
    correlation: float

    @property
    def long_run_variances(self) -> Floats:
        """The variances that independent nights would have, of which means are as uncertain as of these.

        For a first-order autoregression, the variance of a long mean is (1 + r) / (1 - r) times as large (Box,
        Jenkins and Reinsel, Time Series Analysis).
        """
        scaled: Floats = self.variances * (1 + self.correlation) / (1 - self.correlation)
        return scaled


def night_noise(values: Floats, variances: Floats, prior_sd: float) -> NightNoise:
    """Estimate the noise of levels, one for each night, none of them missing.

    What a night's rounds say of its variance is rough, and nights differ by more than that. So the variance of a usual
    night is what nights differ by; what is known of each says which are worse, and by how much.

    Args:
        values: log levels, the earliest first.
        variances: what is known of their variances.
        prior_sd: the standard deviation of the luck of nights that is typical, which counts where there are few.
    """
    usual = float(np.median(variances))
    beside, apart = _half_variance(values, BESIDE), _half_variance(values, APART)
    if len(values) <= max(APART):
        apart = beside
    worth = len(values) - 1
    typical = (worth * max(beside, apart) + PRIOR_NIGHTS * (prior_sd**2 + usual)) / (worth + PRIOR_NIGHTS)
    correlation = 1 - beside / apart if apart else 0.0
    correlation *= len(values) / (len(values) + INDEPENDENT_NIGHTS)
    return NightNoise(typical + np.maximum(variances - usual, 0.0), float(np.clip(correlation, 0.0, MOST_CORRELATED)))


def _half_variance(values: Floats, lags: Sequence[int]) -> float:
    """Return half of the variance of the differences of nights so far apart, on average over ``lags``.

    It is the variance of a night, less its covariance with the other: half a variogram (Box, Jenkins and Reinsel, Time
    Series Analysis; Cressie and Hawkins, "Robust estimation of the variogram", Math. Geology 12, 1980).
    """
    return float(np.mean([robust_variance(values[lag:] - values[:-lag]) for lag in lags])) / 2


def robust_variance(differences: Floats) -> float:
    """Return the variance of numbers around 0, of which some are changes or bad nights; 0 without any.

    The tau scale of Yohai and Zamar, "High breakdown-point estimates of regression by means of the minimization of an
    efficient scale", JASA 83 (1988): nearly as sharp as the standard deviation where the numbers are normal.
    """
    if not len(differences):
        return 0.0
    rough_sd = float(np.median(np.abs(differences))) / MAD_OF_NORMAL
    if not rough_sd:
        return 0.0
    squares = np.minimum((differences / rough_sd) ** 2, REACH**2)
    return rough_sd**2 * float(squares.mean()) / MEAN_OF_NORMAL


def tamed(values: Floats, sds: Floats) -> Floats:
    """Return the values with bad nights moved to within REACH standard deviations of those around them.

    A night is bad if it is far from both what was usual before it and what became usual after it. As long as too few
    nights have followed, what was usual before decides alone: a single night is no change.
    """
    if len(values) < 1 + FEWEST_VOUCHING:
        return values
    before = _medians_before(values).mean(axis=0)
    low, high = _medians_before(values[::-1])[:, ::-1]
    after = np.clip(before, low, high)  # of an even number of nights, the median that is closer to what was usual
    after = np.where(np.isnan(before), (low + high) / 2, after)
    before, after = (np.where(np.isnan(one), other, one) for one, other in ((before, after), (after, before)))
    lowest, highest = np.minimum(before, after) - REACH * sds, np.maximum(before, after) + REACH * sds
    return np.where(np.isnan(before), values, np.clip(values, lowest, highest))


def _medians_before(values: Floats) -> Floats:
    """Return the lower and the upper median of up to NEIGHBOURS nights before each; NaN where they are too few."""
    padded = np.concatenate([np.full(NEIGHBOURS, np.nan), values[:-1]])
    windows = np.sort(sliding_window_view(padded, NEIGHBOURS), axis=1)  # NaN comes last
    known, nights = (~np.isnan(windows)).sum(axis=1), np.arange(len(values))
    medians = np.stack([windows[nights, np.maximum(known - 1, 0) // 2], windows[nights, known // 2]])
    return np.where(known >= FEWEST_VOUCHING, medians, np.nan)
