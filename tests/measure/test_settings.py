"""The options that repeat a measurement, made from its settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.measure import settings
from perf.measure.settings import QUICK
from perf.spec.protocol import Protocol, Size, Sweep


def test_only_options_that_differ_from_the_defaults_are_repeated() -> None:
    wanted = settings.for_selftest(
        model="tiny",
        variants=(),
        stacks={"current": Path("/a/python")},
        size=Size(64, 64),
        protocol=Protocol(size=Size(64, 64), rounds=4),
        wait_s=0.0,
    )
    assert wanted.options == ("--model", "tiny", "--size", "64x64", "--rounds", "4", "--stack", "current=/a/python")


def test_a_quick_run_is_repeated_by_its_values() -> None:
    wanted = settings.for_selftest(
        model=settings.DEFAULT_MODEL, variants=(), stacks={}, size=QUICK.size, protocol=QUICK, wait_s=0.0
    )
    quick = "--size 256x256 --steps 10 --warmup-steps 4 --rounds 3 --budget 40.0"
    assert wanted.options == tuple(quick.split())


def test_a_sweep_is_repeated_whole() -> None:
    size = Size(64, 64)
    sweep = Sweep.of([size, Size(128, 128)], [10, 20])
    protocol = replace(settings.DEFAULT, size=size, steps=10, sweep=sweep)
    wanted = settings.for_selftest(
        model=settings.DEFAULT_MODEL, variants=(), stacks={}, size=size, protocol=protocol, wait_s=0.0
    )
    assert wanted.options == ("--size", "64x64,128x128", "--steps", "10,20")


@pytest.mark.parametrize(
    ("steps", "repeated"), [(1, "--steps 1 --warmup-steps 1 --guidance-scale 0.0"), (20, "--steps 20 ")]
)
def test_what_a_model_would_have_of_its_own_is_repeated(steps: int, repeated: str) -> None:
    protocol = replace(settings.preset("tiny-sd-turbo"), size=Size(64, 64), steps=steps)
    wanted = settings.for_selftest(
        model="tiny-sd-turbo", variants=(), stacks={}, size=Size(64, 64), protocol=protocol, wait_s=0.0
    )
    assert repeated in " ".join(wanted.options)
