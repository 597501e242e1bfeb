"""The peaks that a run knows: of which rows one worker's peak is another's too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.host.stack import Stack
from perf.measure.known_peaks import KnownPeaks
from perf.spec import ladder
from perf.spec.variant import Variant
from tests.builders.baselines import STACK
from tests.builders.evidence import PEAK

OTHER_STACK = replace(STACK, python="/other/bin/python")
OTHER_PEAK = replace(PEAK, fp32_flop_per_s=3e11)


def variant(name: str) -> Variant:
    (variant,) = ladder.select([name])
    return variant


@pytest.mark.parametrize(
    ("first", "second", "stack", "is_known"),
    [
        ("eager-fp32", "eager-fp32", STACK, True),
        ("eager-fp32", "bf16-compile-autotune", STACK, True),
        ("eager-fp32", "lcm-4", STACK, True),
        ("eager-fp32", "eager-fp32", OTHER_STACK, False),
        ("eager-fp32", "openvino-static", STACK, False),
        ("openvino-static", "openvino-int8-weights", STACK, True),
        ("eager-fp32", "fp16-channels-last", STACK, False),
        ("openvino-static", "openvino-int8-hybrid", STACK, False),
        ("openvino-int8-hybrid", "openvino-static", STACK, False),
    ],
)
def test_a_peak_is_measured_once_for_all_that_reach_the_same(
    first: str, second: str, stack: Stack, is_known: bool
) -> None:
    peaks = KnownPeaks()
    assert not peaks.has(variant(first), STACK)
    assert peaks.of(variant(first), STACK, PEAK) == PEAK
    assert peaks.has(variant(second), stack) == is_known
    assert peaks.of(variant(second), stack, None) == (PEAK if is_known else None)


def test_what_is_measured_now_is_the_peak_from_now_on() -> None:
    peaks = KnownPeaks()
    for measured in (PEAK, OTHER_PEAK):
        assert peaks.of(variant("eager-fp32"), STACK, measured) == measured
    assert peaks.of(variant("bf16-autocast"), STACK, None) == OTHER_PEAK
