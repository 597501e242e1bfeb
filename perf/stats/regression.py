"""The regression at every point of the grid of perf.stats.belief, with a variance that is not known.

It is the conjugate normal-inverse-gamma regression of Gelman et al., Bayesian Data Analysis, 3rd ed., sections 14.2 and
14.7, of values whose errors are correlated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perf.stats.belief import SD_FACTORS

Floats = NDArray[np.float64]

FLAT = 1e-9


@dataclass(frozen=True)
class Coefficients:
    """The belief about coefficients before any data, of shape (k,) each: means, and precisions times the variance."""

    means: Floats
    precisions: Floats

    def followed_by(self, others: Coefficients) -> Coefficients:
        """Return these coefficients and then the others."""
        return Coefficients(
            np.concatenate([self.means, others.means]), np.concatenate([self.precisions, others.precisions])
        )

    @property
    def flat_count(self) -> int:
        """How many of them nothing is believed of."""
        return int((self.precisions == FLAT).sum())

    @property
    def log_determinant(self) -> float:
        """The log of the product of the precisions of those of which something is believed."""
        return float(np.log(self.precisions[self.precisions != FLAT]).sum())


def around_zero(count: int, precision: float) -> Coefficients:
    """Return coefficients that are believed to lie around zero."""
    return Coefficients(np.zeros(count), np.full(count, precision))


def flat(count: int) -> Coefficients:
    """Return coefficients of which nothing is believed."""
    return Coefficients(np.zeros(count), np.full(count, FLAT))


@dataclass(frozen=True)
class Whitened:
    """Values (..., n) and the columns that explain them (..., n, k), scaled so that their errors are independent.

    ``log_determinants`` are those of what they were scaled by. The leading axes are points of a grid.
    """

    values: Floats
    columns: Floats
    log_determinants: Floats


@dataclass(frozen=True)
class Fits:
    """The regression at every point of the grid: marginal log likelihoods, and the centres and scales of a coefficient.

    All of the shape of the grid, with perf.stats.belief's SD_FACTORS as its last axis; the likelihoods up to a
    constant. ``variances`` are those of an error of weight 1; their distribution is the scaled inverse chi-square with
    ``dof``.
    """

    log_likelihoods: Floats
    means: Floats
    scales: Floats
    variances: Floats
    dof: float


def whitened(values: Floats, columns: Floats, covariance: Floats) -> Whitened:
    """Scale n values (n,) and their columns (n, k) by covariances (..., n, n), which are up to the unknown variance."""
    root = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(root, np.column_stack([values, columns]))
    log_determinants = -np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(-1)
    return Whitened(scaled[..., 0], scaled[..., 1:], log_determinants)


def regression(
    data: Whitened, coefficients: Coefficients, prior_sd: float, prior_weight: float, *, wanted: int
) -> Fits:
    """Fit the values at every point of the grid.

    Args:
        data: values and columns.
        coefficients: what is believed of the columns' coefficients.
        prior_sd: the typical standard deviation of an error of weight 1, to be multiplied by each of SD_FACTORS.
        prior_weight: how many values it is worth.
        wanted: the number of the coefficient whose centres and scales are returned.
    """
    columns, values = data.columns, data.values
    precision, prior_mean = np.diag(coefficients.precisions), coefficients.means
    transposed = np.swapaxes(columns, -1, -2)
    information = transposed @ columns + precision
    spread = np.linalg.inv(information)
    estimate = (spread @ (transposed @ values[..., None] + (precision @ prior_mean)[:, None]))[..., 0]
    residuals = values - (columns @ estimate[..., None])[..., 0]
    off = estimate - prior_mean
    unexplained = (residuals**2).sum(-1) + ((off @ precision) * off).sum(-1)

    dof = prior_weight + values.shape[-1] - coefficients.flat_count
    prior_squares = prior_weight * (prior_sd * np.array(SD_FACTORS)) ** 2
    squares = prior_squares + unexplained[..., None]
    log_determinants = data.log_determinants + (coefficients.log_determinant - np.linalg.slogdet(information)[1]) / 2
    log_likelihoods = log_determinants[..., None] - dof / 2 * np.log(squares) + prior_weight / 2 * np.log(prior_squares)
    means = np.broadcast_to(estimate[..., wanted, None], squares.shape)
    variances = squares / dof
    scales = np.sqrt(variances * spread[..., wanted, wanted, None])
    return Fits(log_likelihoods, means, scales, variances, dof)
