"""The share of the peak: by operations or by memory, in the precision that is mostly computed in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.proof.roofline import mostly, reached
from perf.records.part import Part
from perf.records.work import Work
from tests.builders.evidence import AMX_CONVOLUTION, DECODE, PEAK, evidence


def test_a_part_bound_by_its_operations() -> None:
    part = reached(Part.UNET_STEP, Work(operations=10**12, weights=10**6), 2.0, evidence(), PEAK)
    assert part.share == pytest.approx(0.5)  # 1e12 at 1e12 a second, in two
    assert part.flop_per_s == pytest.approx(5e11)
    assert part.precision == "bf16"


def test_a_part_bound_by_its_weights() -> None:
    part = reached(Part.UNET_STEP, Work(operations=1, weights=10**10), 2.0, evidence(), PEAK)
    assert part.share == pytest.approx(0.5)  # 2e10 bytes at 2e10 a second, in two


def test_the_peak_is_the_best_that_the_stack_reaches() -> None:
    """On AMD's CPUs MKL multiplies below what oneDNN convolves at: the VAE reached 197 % of what products do."""
    peak = replace(PEAK, fp32_convolution_flop_per_s=3e11)
    assert (peak.flop_per_s("f32"), peak.flop_per_s("bf16")) == (3e11, 1e12)
    wide = replace(evidence(replace(DECODE, types="f32")), peak=peak)
    assert reached(Part.VAE_DECODE, Work(operations=3 * 10**11, weights=1), 1.0, wide, peak).share == pytest.approx(1.0)


def test_each_part_has_its_own_precision() -> None:
    wide = replace(DECODE, types="f32")
    mixed = evidence(AMX_CONVOLUTION, wide)
    assert (mostly(mixed, Part.UNET_STEP), mostly(mixed, Part.VAE_DECODE)) == ("bf16", "f32")
    assert reached(Part.VAE_DECODE, Work(operations=10**11, weights=1), 1.0, mixed, PEAK).share == pytest.approx(1.0)


def test_a_part_that_was_not_looked_at_is_as_the_others() -> None:
    assert mostly(evidence(), "text encoder") == "bf16"
    assert mostly(evidence(replace(AMX_CONVOLUTION, types="f32")), "text encoder") == "f32"
