"""The names that a model may have, and the shape of its latents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perf.errors import BadCheckpoint, UnknownName
from perf.host.stack import Stack
from perf.measure import checkpoints
from perf.spec.protocol import Protocol, Size
from tests.builders.checkpoints import make_checkpoint, safetensors


@pytest.mark.parametrize(
    "name", ["synthetic-sd15", "tiny", "owner/name", "stable-diffusion-v1-5/stable-diffusion-v1-5"]
)
def test_names_that_may_be_models(name: str) -> None:
    checkpoints.check_name(name)


@pytest.mark.parametrize("name", ["sd", "", "a/b/c", "owner/na me"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(UnknownName, match="unknown model"):
        checkpoints.check_name(name)


def test_latents_follow_the_checkpoint(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    model = checkpoints._read_model("checkpoint", checkpoint)
    assert model.native_size == Size(128, 128)
    assert model.latents_shape(Size(512, 256)) == (1, 4, 32, 64)


def test_the_hubs_token_is_for_the_download_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private or gated model needs it; what makes a checkpoint, or counts its operations, does not."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "got ${HF_TOKEN:-nothing}"\n')
    python.chmod(0o755)
    stack = Stack(name="current", python=str(python), python_version="3.11.7", prefix="", has_headers=True, packages={})
    monkeypatch.setenv("HF_TOKEN", "a secret")
    assert checkpoints._download("owner/gated", stack) == Path("got a secret")
    assert checkpoints.run_module(stack, "flops").stdout == "got nothing\n"


def from_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a model of the Hub ready whose download is that folder, and return why it cannot be used."""
    monkeypatch.setattr(checkpoints, "_download", lambda *_: folder)
    with pytest.raises(BadCheckpoint) as caught:
        checkpoints.resolve("owner/name", counting_stack(folder))
    return str(caught.value)


def test_a_model_of_the_hub_that_is_damaged_is_made_again_when_it_is_removed(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = checkpoint / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "it is a copy: remove" in from_hub(checkpoint, monkeypatch)


def test_removing_a_model_of_the_hub_does_not_help_where_it_has_pickles_only(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = checkpoint / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    said = from_hub(checkpoint, monkeypatch)
    assert "pickles can run code" in said
    assert "it is a copy" not in said


def counting_stack(folder: Path) -> Stack:
    """Return a stack whose interpreter counts the same work always, and notes that it was asked."""
    python = folder / "counting-python"
    python.write_text(
        f"#!/bin/sh\necho asked >> {folder}/asked\n" """echo '{"unet": {"operations": 1000, "weights": 10}}'\n"""
    )
    python.chmod(0o755)
    return Stack(name="current", python=str(python), python_version="3.11.7", prefix="", has_headers=True, packages={})


@pytest.mark.parametrize(
    "spoilt", ["", "{}", "[]", '{"unet": {"operations": -1, "weights": 10}}', '{"unet": 5}'], ids=lambda text: text[:9]
)
def test_a_count_that_is_spoilt_is_made_again(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    model, stack = checkpoints._read_model("checkpoint", checkpoint), counting_stack(tmp_path)
    protocol = Protocol(size=Size(128, 128))
    counted = checkpoints.work(model, protocol, stack)
    assert counted == checkpoints.work(model, protocol, stack)
    (kept,) = (tmp_path / "cache" / "work").glob("*/work.json")
    kept.write_text(spoilt)
    assert checkpoints.work(model, protocol, stack) == counted
    assert (tmp_path / "asked").read_text() == "asked\nasked\n"


@pytest.mark.parametrize(
    ("component", "config", "says"),
    [
        ("unet", {"sample_size": "16"}, "sample_size is wrong: Expected `int`, got `str`"),
        ("unet", {"in_channels": 0}, "in_channels 0 is not a count"),
        ("vae", {"block_out_channels": []}, "block_out_channels 0 is not a count"),
        ("vae", {"block_out_channels": None}, "block_out_channels is wrong"),
    ],
)
def test_a_configuration_that_cannot_be_is_named(
    checkpoint: Path, component: str, config: dict[str, object], says: str
) -> None:
    path = checkpoint / component / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    with pytest.raises(BadCheckpoint) as caught:
        checkpoints._read_model("checkpoint", checkpoint)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_the_suite_knows_of_a_consistency_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    lcm, xl = (
        checkpoints._read_model(name, make_checkpoint(tmp_path / name, name)) for name in ("tiny-lcm", "tiny-sdxl")
    )
    assert (lcm.family, lcm.is_consistency, lcm.scheduler) == ("stable-diffusion", True, "LCMScheduler")
    assert (xl.family, xl.is_consistency, xl.scheduler) == ("stable-diffusion-xl", False, "EulerDiscreteScheduler")
    assert xl.parameters == {"unet": 1, "vae": 1, "text_encoder": 1, "text_encoder_2": 1}


def taesd_stack(folder: Path) -> Stack:
    """Return a stack whose interpreter makes what it is asked for of one file, and notes the request."""
    python = folder / "taesd-python"
    source = folder / "made"
    source.mkdir()
    (source / "config.json").write_text("{}")
    (source / "diffusion_pytorch_model.safetensors").write_bytes(safetensors())
    python.write_text(
        f'#!/bin/sh\necho "$3 $4" >> {folder}/asked\n[ "$3" = hub ] && echo {source} || cp {source}/* "$5"\n'
    )
    python.chmod(0o755)
    return Stack(name="current", python=str(python), python_version="3.11.7", prefix="", has_headers=True, packages={})


@pytest.mark.parametrize(
    ("name", "architecture", "asked"),
    [
        ("tiny", "tiny", "taesd tiny-taesd"),
        ("synthetic-sdxl", "tiny-sdxl", "taesd synthetic-taesd"),
        ("owner/name", "tiny", "hub madebyollin/taesd"),
        ("/a/folder", "tiny-sdxl", "hub madebyollin/taesdxl"),
    ],
)
def test_the_tiny_decoder_is_of_the_models_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, architecture: str, asked: str
) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    model = checkpoints._read_model(name, make_checkpoint(tmp_path / "checkpoint", architecture))
    folder = checkpoints.resolve_taesd(model, taesd_stack(tmp_path))
    assert folder
    assert (folder / "diffusion_pytorch_model.safetensors").exists()
    assert (tmp_path / "asked").read_text() == f"{asked}\n"


def test_a_damaged_tiny_decoder_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    model, stack = checkpoints._read_model("tiny", make_checkpoint(tmp_path / "checkpoint")), taesd_stack(tmp_path)
    (tmp_path / "made" / "diffusion_pytorch_model.safetensors").write_bytes(b"")
    with pytest.raises(BadCheckpoint, match="it is a copy: remove"):
        checkpoints.resolve_taesd(model, stack)
