"""The share of the peak: by operations or by memory, in the precision that is mostly computed in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.proof.roofline import Reached, mostly
from perf.proof.roofline import reached as reached_or_none
from perf.records.evidence import Evidence, Peak
from perf.records.part import Part
from perf.records.work import Work
from tests.builders.evidence import AMX_CONVOLUTION, DECODE, PEAK, evidence


def reached(part: str, work: Work, time_s: float, evidence: Evidence, peak: Peak) -> Reached:
    """Return what was reached of a peak that is known."""
    found = reached_or_none(part, work, time_s, evidence, peak)
    assert found
    return found


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


IN_8_BITS = evidence(replace(AMX_CONVOLUTION, types="u8:i8:f32"), DECODE)
WITH_INT8 = replace(PEAK, int8_convolution_flop_per_s=4e12)


def test_a_part_in_8_bits_is_held_against_the_peak_of_8_bits() -> None:
    part = reached(Part.UNET_STEP, Work(operations=10**12, weights=10**6), 1.0, IN_8_BITS, WITH_INT8)
    assert part.precision == "i8"
    assert part.share == pytest.approx(0.25)  # 1e12 at 4e12 a second, in one
    weights = reached(Part.UNET_STEP, Work(operations=1, weights=10**10), 1.0, IN_8_BITS, WITH_INT8)
    assert weights.share == pytest.approx(0.5)  # 1e10 weights of a byte at 2e10 a second, in one
    assert reached(Part.VAE_DECODE, Work(operations=10**12, weights=1), 1.0, IN_8_BITS, WITH_INT8).precision == "bf16"


@pytest.mark.parametrize(("types", "precision"), [("u8:i8:f32", "i8"), ("f16", "f16")])
def test_a_peak_that_was_not_measured_is_no_share(types: str, precision: str) -> None:
    seen = evidence(replace(AMX_CONVOLUTION, types=types))
    assert mostly(seen, Part.UNET_STEP) == precision
    assert reached_or_none(Part.UNET_STEP, Work(operations=10**12, weights=1), 1.0, seen, PEAK) is None


@pytest.mark.parametrize(
    ("precision", "flop_per_s"), [("f32", 1e11), ("bf16", 1e12), ("f16", 9e11), ("i8", 4e12), ("f64", None), ("", None)]
)
def test_the_peak_of_each_precision(precision: str, flop_per_s: float | None) -> None:
    peak = replace(WITH_INT8, fp16_flop_per_s=9e11)
    assert peak.flop_per_s(precision) == flop_per_s


def test_the_peaks_that_only_some_rows_measure_are_kept_beside_the_others() -> None:
    assert PEAK.or_larger(WITH_INT8) == WITH_INT8.or_larger(PEAK) == WITH_INT8
