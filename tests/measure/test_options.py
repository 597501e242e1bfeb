"""The command line of a measurement: presets, defaults, and requests that are refused."""

from __future__ import annotations

import argparse
from dataclasses import replace

import pytest

from perf.measure.options import read_protocol, read_size
from perf.measure.settings import DEFAULT, DEFAULT_MODEL, QUICK
from perf.spec.protocol import Size


def given(*, quick: bool = False, model: str = DEFAULT_MODEL, **values: object) -> argparse.Namespace:
    """Return the options as pytest parses a command line with these alone."""
    names = ("size", "steps", "warmup_steps", "rounds", "budget", "guidance_scale", "seed", "prompt")
    return argparse.Namespace(quick=quick, model=model, **(dict.fromkeys(names) | values))


def test_without_options_it_is_the_articles_protocol() -> None:
    assert read_protocol(given()) == DEFAULT
    assert read_size(given()) is None


def test_quick_is_a_preset() -> None:
    assert read_protocol(given(quick=True)) == QUICK
    assert read_size(given(quick=True)) == Size(256, 256)
    assert (QUICK.steps, QUICK.warmup_steps, QUICK.rounds, QUICK.budget_s) == (10, 4, 3, 40)


@pytest.mark.parametrize("quick", [True, False])
def test_what_is_given_by_hand_wins(quick: bool) -> None:
    preset = QUICK if quick else DEFAULT
    assert read_protocol(given(quick=quick, steps=7, budget=0.0)) == replace(preset, steps=7, budget_s=0.0)
    assert read_protocol(given(quick=quick, warmup_steps=2)) == replace(preset, warmup_steps=2)
    assert read_protocol(given(quick=quick, steps=DEFAULT.steps)).steps == DEFAULT.steps
    assert read_size(given(quick=quick, size="64x64")) == Size(64, 64)


@pytest.mark.parametrize("model", ["synthetic-sd-turbo", "tiny-sd-turbo"])
@pytest.mark.parametrize("quick", [True, False])
def test_a_turbo_model_is_measured_with_one_step_and_without_guidance(model: str, quick: bool) -> None:
    preset = QUICK if quick else DEFAULT
    one_step = replace(preset, steps=1, warmup_steps=1, guidance_scale=0.0)
    assert read_protocol(given(quick=quick, model=model)) == one_step
    assert read_protocol(given(quick=quick, model=model, steps=4)) == replace(one_step, steps=4)
    assert read_protocol(given(quick=quick, model=model, guidance_scale=7.5)) == replace(one_step, guidance_scale=7.5)
