"""What is specific to each family: the shapes that its denoiser is called with, and what guidance costs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from perf.spec import families, synthetic
from perf.spec.families import BY_CLASS, FAMILIES, Family
from perf.spec.protocol import Protocol, Size
from perf.spec.synthetic import Synthetic


def spec_and_family(name: str) -> tuple[Synthetic, Family]:
    spec = synthetic.find(name)
    assert spec.index
    return spec, BY_CLASS[spec.index["_class_name"]]


def test_the_inputs_of_stable_diffusion_15() -> None:
    spec, family = spec_and_family("synthetic-sd15")
    assert family.denoiser_inputs(spec.configs, Size(512, 256), 2) == {
        "sample": (2, 4, 32, 64),
        "timestep": (),
        "encoder_hidden_states": (2, 77, 768),
    }


def test_the_inputs_of_stable_diffusion_xl() -> None:
    spec, family = spec_and_family("synthetic-sdxl")
    assert family.denoiser_inputs(spec.configs, Size(1024, 1024), 2) == {
        "sample": (2, 4, 128, 128),
        "timestep": (),
        "encoder_hidden_states": (2, 77, 2048),
        "added_cond_kwargs": {"text_embeds": (2, 1280), "time_ids": (2, 6)},
    }


def test_guidance_is_an_input_of_a_consistency_model() -> None:
    spec, family = spec_and_family("synthetic-lcm")
    assert family.batch(spec.configs, is_guided=True) == 1
    assert family.denoiser_inputs(spec.configs, Size(512, 512), 1)["timestep_cond"] == (1, 256)


@pytest.mark.parametrize(
    ("name", "native"), [("synthetic-sd15", 512), ("synthetic-sdxl", 1024), ("synthetic-sd-turbo", 512), ("tiny", 128)]
)
def test_the_size_that_a_model_was_trained_for(name: str, native: int) -> None:
    spec, family = spec_and_family(name)
    assert family.native_size(spec.configs) == Size(native, native)


@pytest.mark.parametrize(
    ("name", "guidance", "batch", "encodings"),
    [
        ("tiny", 7.5, 2, 2),
        ("tiny", 1.0, 1, 1),
        ("tiny-sdxl", 7.5, 2, 1),  # zeros stand for the empty prompt
        ("tiny-sd-turbo", 0.0, 1, 1),
        ("tiny-lcm", 7.5, 1, 1),
    ],
)
def test_what_guidance_costs(name: str, guidance: float, batch: int, encodings: int) -> None:
    spec, family = spec_and_family(name)
    assert spec.index
    is_guided = Protocol(size=Size(64, 64), guidance_scale=guidance).is_guided
    assert family.batch(spec.configs, is_guided=is_guided) == batch
    assert family.encodings(spec.index, spec.configs, is_guided=is_guided) == encodings


def test_an_xl_checkpoint_may_ask_for_the_empty_prompt_to_be_encoded() -> None:
    spec, family = spec_and_family("tiny-sdxl")
    assert family.encodings({"force_zeros_for_empty_prompt": False}, spec.configs, is_guided=True) == 2
    assert family.encodings({}, spec.configs, is_guided=True) == 1


@pytest.mark.parametrize("name", synthetic.SYNTHETIC)
def test_a_synthetic_checkpoint_has_what_its_family_needs(name: str) -> None:
    spec, family = spec_and_family(name)
    assert spec.index
    assert family.weights.keys() - family.optional <= spec.configs.keys()
    named = {component for component, value in spec.index.items() if isinstance(value, list) and value[0]}
    assert named == spec.configs.keys() | spec.tokenizers.keys()


def test_no_two_families_load_the_same_class() -> None:
    assert len(BY_CLASS) == sum(1 + len(family.also_loads) for family in FAMILIES)


def test_the_models_of_a_pipeline_are_found_whatever_its_backend() -> None:
    pipe = SimpleNamespace(unet="unet", text_encoder="one", text_encoder_2="two", vae="vae")
    assert families.denoiser_of(pipe) == "unet"
    assert families.text_encoders_of(pipe) == ["one", "two"]
    pipe.text_encoder_2 = None
    assert families.text_encoders_of(pipe) == ["one"]


def test_the_inputs_of_a_transformer_are_other_than_a_unets() -> None:
    spec, family = spec_and_family("tiny-sd3")
    inputs = {"hidden_states": (2, 16, 16, 16), "timestep": (2,), "pooled_projections": (2, 64)}
    without_t5 = family.denoiser_inputs(spec.configs, Size(128, 128), 2)
    assert without_t5 == inputs | {"encoder_hidden_states": (2, 154, 64)}
    with_t5 = family.denoiser_inputs({**spec.configs, "text_encoder_3": {}}, Size(128, 128), 2)
    assert with_t5["encoder_hidden_states"] == (2, 333, 64)
