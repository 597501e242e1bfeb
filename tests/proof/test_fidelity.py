"""How far images are apart: against the textbook, and what is wrong with one whatever it is compared with."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest

from perf.proof.fidelity import SAME_DB, Fidelity, Outcome, compare
from perf.records.typed_json import convert
from perf.spec.variant import Limits

LIMITS = Limits(psnr_db=30, ssim=0.9, latents_error=0.1)


def outcome(noise: float = 0.0, seed: int = 0) -> Outcome:
    """A smooth picture and its latents, with normal noise."""
    generator = np.random.default_rng(seed)
    across, down = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 64))
    picture = np.stack([across, down, across * down], axis=-1)
    latents = np.random.default_rng(1).normal(size=(1, 4, 8, 8))
    return Outcome(
        image=(picture + noise * generator.normal(size=picture.shape)).astype(np.float32),
        latents=(latents * (1 + noise)).astype(np.float32),
    )


def test_an_equal_image_is_bit_equal_and_can_be_kept_as_json() -> None:
    fidelity = compare(outcome(), outcome())
    assert (fidelity.psnr_db, fidelity.ssim, fidelity.largest_error, fidelity.latents_error) == (SAME_DB, 1.0, 0.0, 0.0)
    assert str(fidelity).startswith("bit-equal, ")
    assert convert(json.loads(json.dumps(fidelity.to_json())), Fidelity) == fidelity


def test_noise_of_a_hundredth_is_forty_decibels() -> None:
    fidelity = compare(outcome(noise=0.01), outcome())
    assert fidelity.psnr_db == pytest.approx(-20 * math.log10(0.01), abs=0.2)
    assert fidelity.latents_error == pytest.approx(0.01, rel=1e-3)
    assert 0.01 < fidelity.largest_error < 0.06
    assert fidelity.fault(LIMITS) is None


def test_each_limit_is_named_when_it_is_passed() -> None:
    fault = str(compare(outcome(noise=0.2), outcome()).fault(LIMITS))
    assert re.fullmatch(
        r"PSNR 1[34]\.\d dB, at least 30 expected; SSIM 0\.0\d+, at least 0\.9 expected; "
        r"latents off by 20\.0 %, at most 10 % expected",
        fault,
    )


def test_a_narrow_limit_is_not_rounded_away() -> None:
    narrow = Limits(psnr_db=30, ssim=0.9, latents_error=0.001)
    assert compare(outcome(noise=0.01), outcome()).fault(narrow) == "latents off by 1.0 %, at most 0.1 % expected"


def test_a_wrong_vae_leaves_the_latents_alone() -> None:
    right = outcome()
    fidelity = compare(Outcome(image=right.image[::-1], latents=right.latents), right)
    assert fidelity.latents_error == 0.0
    assert "latents" not in str(fidelity.fault(LIMITS))


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"image": np.full((8, 8, 3), np.nan)}, "192 of 192 values of the image are NaN or infinite"),
        ({"latents": np.array([1.0, np.inf])}, "1 of 2 values of the latents are NaN or infinite"),
        ({"image": np.zeros((8, 8, 3))}, "the image is constant: every pixel is 0, or close to it"),
    ],
)
def test_a_broken_image_is_broken_whatever_it_is_compared_with(broken: dict[str, Any], fault: str) -> None:
    right = outcome()
    assert right.fault is None
    assert Outcome(**{"image": right.image, "latents": right.latents, **broken}).fault == fault
