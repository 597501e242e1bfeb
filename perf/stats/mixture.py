"""A mixture of Student distributions: what is believed of a number where the noise around it is not known either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Floats = NDArray[np.float64]

NEGLIGIBLE = 1e-6  # a component's share of the whole that changes no verdict
REACH = 60.0  # scales on either side of all means that hold every quantile asked for, with one degree of freedom too
FAR = 1e6  # and where they do not


@dataclass(frozen=True)
class Mixture:
    """Components of shape (n,) each; ``weights`` add up to 1, and infinite ``dofs`` make a component normal."""

    means: Floats
    scales: Floats
    dofs: Floats
    weights: Floats

    @classmethod
    def of(cls, means: Floats, scales: Floats, dofs: Floats | float, log_weights: Floats) -> Mixture:
        """Return the mixture of components of any one shape, without those of negligible weight."""
        weights = np.exp(log_weights - log_weights.max()).ravel()
        weights /= weights.sum()
        kept = weights > NEGLIGIBLE
        every_dof = np.broadcast_to(np.asarray(dofs, dtype=np.float64), means.shape)
        return cls(
            means=means.ravel()[kept],
            scales=scales.ravel()[kept],
            dofs=every_dof.ravel()[kept],
            weights=weights[kept] / weights[kept].sum(),
        )

    @property
    def mean(self) -> float:
        """The mean, as far as the components have one; else that of their centres."""
        return float(self.weights @ self.means)

    @property
    def scale(self) -> float:
        """The scale of the one Student distribution that is most like it: the root mean square about its mean."""
        return float(np.sqrt(self.weights @ (self.scales**2 + (self.means - self.mean) ** 2)))

    def below(self, value: float) -> float:
        """Return the probability that the number is below ``value``."""
        return float(self.weights @ special.stdtr(self.dofs, (value - self.means) / self.scales))

    def quantile(self, probability: float) -> float:
        """Return the value that the number is below with this probability."""
        reach = REACH * float(self.scales.max())
        low, high = float(self.means.min()) - reach, float(self.means.max()) + reach
        if not self.below(low) < probability < self.below(high):
            low, high = low - FAR * reach, high + FAR * reach
        return float(optimize.brentq(lambda value: self.below(value) - probability, low, high))
