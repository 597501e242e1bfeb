"""How close an image is to the one that eager float32 makes from the same latents with the same scheduler.

PSNR and SSIM are of the images, in 0..1; the error of the final latents is their root mean square difference over the
reference's root mean square. Latents come before the VAE, so they tell a wrong UNet from a wrong VAE.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from perf.spec.variant import Limits

Floats = NDArray[np.floating[Any]]

FLAT = 1e-4  # standard deviation below which an image shows nothing
SAME_DB = 200.0  # in place of the infinite PSNR of equal images, which JSON has no word for


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a generation made: ``image``, height x width x 3 in 0..1, and its final ``latents``."""

    image: Floats
    latents: Floats

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shapes of the image and of the latents."""
        return self.image.shape, self.latents.shape

    @property
    def fault(self) -> str | None:
        """What is wrong with the outcome by itself, or None."""
        for name, values in (("image", self.image), ("latents", self.latents)):
            if broken := int(np.size(values) - np.isfinite(values).sum()):
                return f"{broken} of {np.size(values)} values of the {name} are NaN or infinite"
        if float(self.image.std()) < FLAT:
            return f"the image is constant: every pixel is {float(self.image.mean()):.3g}, or close to it"
        return None


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """How far an image is from the reference. ``largest_error`` is of a pixel's channel, in 0..1."""

    psnr_db: float
    ssim: float
    largest_error: float
    latents_error: float

    def fault(self, limits: Limits) -> str | None:
        """Return which limits the image is beyond, in a sentence, or None if it is within all of them."""
        faults = []
        if self.psnr_db < limits.psnr_db:
            faults.append(f"PSNR {self.psnr_db:.1f} dB, at least {limits.psnr_db:g} expected")
        if self.ssim < limits.ssim:
            faults.append(f"SSIM {self.ssim:.4f}, at least {limits.ssim:g} expected")
        if self.latents_error > limits.latents_error:
            percent = 100 * limits.latents_error
            faults.append(f"latents off by {100 * self.latents_error:.1f} %, at most {percent:g} % expected")
        return "; ".join(faults) or None

    def __str__(self) -> str:
        same = "bit-equal, " if self.psnr_db == SAME_DB else ""
        return (
            f"{same}PSNR {self.psnr_db:.1f} dB, SSIM {self.ssim:.4f}, largest error {self.largest_error:.3g}, "
            f"latents off by {100 * self.latents_error:.2f} %"
        )

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def compare(outcome: Outcome, reference: Outcome) -> Fidelity:
    """Compare an outcome with a reference of the same shapes; neither has a fault."""
    difference = outcome.image.astype(np.float64) - reference.image
    mean_square = float((difference**2).mean())
    return Fidelity(
        psnr_db=min(SAME_DB, -10 * math.log10(mean_square)) if mean_square else SAME_DB,
        ssim=float(structural_similarity(outcome.image, reference.image, channel_axis=-1, data_range=1.0)),
        largest_error=float(np.abs(difference).max()),
        latents_error=root_mean_square(outcome.latents - reference.latents) / root_mean_square(reference.latents),
    )


def root_mean_square(values: Floats) -> float:
    """Return the root of the mean of the squares, over all values."""
    return math.sqrt(float((values.astype(np.float64) ** 2).mean()))
