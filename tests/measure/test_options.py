"""The command line of a measurement: presets, defaults, and requests that are refused."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.measure.options import read_prompts, read_protocol, read_size
from perf.measure.settings import DEFAULT, DEFAULT_MODEL, QUICK
from perf.spec.calibration import PROMPTS
from perf.spec.protocol import NO_SWEEP, Size, Sweep


def given(*, quick: bool = False, model: str = DEFAULT_MODEL, **values: object) -> argparse.Namespace:
    """Return the options as pytest parses a command line with these alone."""
    names = ("size", "steps", "warmup_steps", "rounds", "budget", "guidance_scale", "seed", "prompt", "batch")
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
    assert read_protocol(given(quick=quick, steps="7")).steps == 7, "as the command line gives it, or a file as text"
    assert read_size(given(quick=quick, size="64x64")) == Size(64, 64)


@pytest.mark.parametrize("quick", [True, False])
def test_several_sizes_and_steps_are_a_sweep(quick: bool) -> None:
    options = given(quick=quick, size="512x512,256x256", steps="20,10")
    preset = QUICK if quick else DEFAULT
    sweep = Sweep.of([Size(256, 256), Size(512, 512)], [10, 20])
    assert read_protocol(options) == replace(preset, steps=10, sweep=sweep)
    assert read_size(options) == Size(256, 256)
    assert read_protocol(given(quick=quick, size="64x64", steps=7)).sweep == NO_SWEEP


@pytest.mark.parametrize(
    ("name", "text"), [("size", "256x256,500x500"), ("size", ""), ("steps", "10,0"), ("steps", "")]
)
def test_a_fault_in_a_list_is_refused(name: str, text: str) -> None:
    options = given()
    setattr(options, name, text)
    with pytest.raises(BadInput):
        read_protocol(options)


@pytest.mark.parametrize("model", ["synthetic-sd-turbo", "tiny-sd-turbo"])
@pytest.mark.parametrize("quick", [True, False])
def test_a_turbo_model_is_measured_with_one_step_and_without_guidance(model: str, quick: bool) -> None:
    preset = QUICK if quick else DEFAULT
    one_step = replace(preset, steps=1, warmup_steps=1, guidance_scale=0.0)
    assert read_protocol(given(quick=quick, model=model)) == one_step
    assert read_protocol(given(quick=quick, model=model, steps=4)) == replace(one_step, steps=4)
    assert read_protocol(given(quick=quick, model=model, guidance_scale=7.5)) == replace(one_step, guidance_scale=7.5)


def test_without_a_file_models_in_8_bits_are_calibrated_with_the_suites_own_prompts() -> None:
    assert read_prompts(None) == PROMPTS
    assert len(PROMPTS) == 2


def test_prompts_are_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("a fishing village at low tide\n\n   an old clockmaker \n", encoding="utf-8")
    assert read_prompts(path) == ("a fishing village at low tide", "an old clockmaker")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file or directory"),
        (b"", "holds no prompt; write one a line, two or more for any use"),
        (b"\n  \n\t\n", "holds no prompt; write one a line, two or more for any use"),
        (b"\xff\xfe", "can't decode byte 0xff"),
    ],
)
def test_a_file_without_prompts_is_refused(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "prompts.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_prompts(path)
    assert str(caught.value).startswith(f"--calibration-prompts {path}: ")
    assert says in str(caught.value)
