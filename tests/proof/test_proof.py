"""What is claimed of an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perf.proof.fidelity import Outcome
from perf.proof.proof import Proof
from perf.records.evidence import Kernel
from perf.spec import ladder
from tests.builders.evidence import AMX_CONVOLUTION, PEAK, evidence

RANDOM = np.random.default_rng(0)
EXPECTED = Outcome(image=RANDOM.random((16, 16, 3)), latents=RANDOM.standard_normal((1, 4, 2, 2)))
IN_F32, IN_INT8 = (replace(AMX_CONVOLUTION, types=types) for types in ("f32", "u8:i8:f32"))


def image_claim(kernel: Kernel, error: float) -> tuple[bool, str]:
    """Return whether the image is as it should be, and why; its latents are off by this share."""
    (variant,) = ladder.select(["genai-static"])
    proof = Proof(
        variant=variant,
        evidence=evidence(kernel),
        largest_peak=PEAK,
        claims=(),
        outcome=Outcome(image=EXPECTED.image, latents=EXPECTED.latents * (1 + error)),
        fault=None,
    )
    proof.compare(EXPECTED, Path("references"))
    (claim,) = proof.all_claims
    return claim.holds, claim.sentence


@pytest.mark.parametrize(
    ("kernel", "precision"), [(AMX_CONVOLUTION, "bf16"), (IN_INT8, "i8")], ids=["bfloat16", "8 bits"]
)
def test_no_narrow_type_makes_the_image_of_float32(kernel: Kernel, precision: str) -> None:
    holds, sentence = image_claim(kernel, error=0.003)
    assert not holds
    assert sentence.endswith(f"latents off by 0.30 %: it is float32's own, which no {precision} makes")
    assert image_claim(kernel, error=0.01)[0]


def test_float32_makes_it() -> None:
    assert image_claim(IN_F32, error=0.0)[0]


def test_an_image_beyond_the_limits_says_which() -> None:
    holds, sentence = image_claim(AMX_CONVOLUTION, error=0.1)
    assert (holds, sentence) == (
        False,
        "latents off by 10.0 %, at most 5 % expected, compared with eager float32's in references",
    )
