"""The folders that are accepted as checkpoints, and the error for those that are not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.errors import BadCheckpoint
from perf.measure import checkpoint_check
from perf.spec import synthetic
from tests.builders.checkpoints import make_checkpoint, safetensors


def test_a_complete_folder_is_accepted(checkpoint: Path) -> None:
    checkpoint_check.check(checkpoint)


VAE = "vae/diffusion_pytorch_model.safetensors"
INDEX = "unet/diffusion_pytorch_model.safetensors.index.json"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model_index.json", None, "is not a diffusers checkpoint: no model_index.json"),
        ("model_index.json", b"{", "model_index.json is not valid JSON"),
        ("model_index.json", b"[]", "model_index.json holds no JSON object"),
        ("model_index.json", b'{"_class_name": "FluxPipeline"}', "is a FluxPipeline; the suite measures Latent"),
        ("unet/config.json", None, "is not a diffusers checkpoint: no config.json in"),
        ("unet/config.json", b"[" * 100_000, "config.json is not valid JSON: nested more than 40 deep"),
        (VAE, None, "vae has no weights: no diffusion_pytorch_model.safetensors"),
        (VAE, safetensors()[:-1], "is damaged"),
        (VAE, safetensors() + b"x", "is damaged"),
        (VAE, safetensors()[:20], "is truncated or not a safetensors file (20 bytes)"),
        (VAE, b"", "is truncated or not a safetensors file (0 bytes)"),
        (VAE, safetensors({"x": 1}), "has no valid safetensors header"),
    ],
)
def test_what_is_wrong_is_named(checkpoint: Path, file: str, content: bytes | None, message: str) -> None:
    if content is None:
        (checkpoint / file).unlink()
    else:
        (checkpoint / file).write_bytes(content)
    with pytest.raises(BadCheckpoint) as caught:
        checkpoint_check.check(checkpoint)
    assert message in str(caught.value)
    assert str(checkpoint) in str(caught.value)


@given(cut=st.integers(0, len(safetensors()) - 1))
def test_every_truncation_is_seen(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.safetensors"
    path.write_bytes(safetensors()[:cut])
    with pytest.raises(BadCheckpoint):
        checkpoint_check.check_safetensors(path)


@given(noise=st.binary(max_size=300))
def test_noise_is_never_a_traceback(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.safetensors"
    path.write_bytes(noise)
    with pytest.raises(BadCheckpoint):
        checkpoint_check.check_safetensors(path)


def change_index(folder: Path, **entries: object) -> None:
    path = folder / "model_index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def only(folder: Path, component: str, *names: str) -> None:
    """Leave a component only these files beside its configuration."""
    for path in (folder / component).iterdir():
        if path.name != "config.json":
            path.unlink()
    for name in names:
        (folder / component / name).write_bytes(safetensors())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("diffusion_pytorch_model.fp16.safetensors",), "fp16.safetensors, which is not loaded without its own name"),
        (("diffusion_pytorch_model.bin",), "has only diffusion_pytorch_model.bin: pickles can run code"),
        (
            ("diffusion_pytorch_model.bin.index.json", "diffusion_pytorch_model-00001-of-00001.bin"),
            "has only diffusion_pytorch_model-00001-of-00001.bin: pickles can run code",
        ),
        (("openvino_model.bin", "openvino_model.xml"), "it is an export to OpenVINO"),
        (("._diffusion_pytorch_model.safetensors",), "unet has no weights"),
        (("model.safetensors",), "has no diffusion_pytorch_model.safetensors, but model.safetensors"),
    ],
)
def test_what_lies_there_is_not_what_the_loader_opens(checkpoint: Path, names: tuple[str, ...], message: str) -> None:
    only(checkpoint, "unet", *names)
    with pytest.raises(BadCheckpoint, match=message):
        checkpoint_check.check(checkpoint)


def test_an_empty_pickle_is_no_weights(checkpoint: Path) -> None:
    only(checkpoint, "unet")
    (checkpoint / "unet" / "diffusion_pytorch_model.bin").touch()
    with pytest.raises(BadCheckpoint, match=r"has only diffusion_pytorch_model\.bin: pickles can run code"):
        checkpoint_check.check(checkpoint)


def test_shards_are_all_there_or_one_is_named(checkpoint: Path) -> None:
    shards = [f"diffusion_pytorch_model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    only(checkpoint, "unet", *shards)
    (checkpoint / INDEX).write_text(json.dumps({"weight_map": {"a": shards[0], "b": shards[1]}}))
    checkpoint_check.check(checkpoint)
    assert {checkpoint / "unet" / shard for shard in shards} < set(checkpoint_check.loaded_files(checkpoint))
    (checkpoint / "unet" / shards[1]).unlink()
    with pytest.raises(BadCheckpoint, match=r"00002-of-00002\.safetensors cannot be read: No such file"):
        checkpoint_check.check(checkpoint)


@pytest.mark.parametrize("shards", [None, {}, {"a": "../../etc/passwd"}, {"a": "model.bin"}, {"a": 1}], ids=str)
def test_an_index_of_nothing_is_refused(checkpoint: Path, shards: object) -> None:
    only(checkpoint, "unet")
    (checkpoint / INDEX).write_text(json.dumps({"weight_map": shards}))
    with pytest.raises(BadCheckpoint, match="has no weight_map of files beside it"):
        checkpoint_check.check(checkpoint)


@pytest.mark.parametrize("entry", [["evil_unet", "Evil"], ["diffusers"], [None, "Evil"], [1, 2]], ids=str)
def test_code_that_comes_with_a_checkpoint_is_not_loaded(checkpoint: Path, entry: object) -> None:
    """diffusers imports the module that a component's library names, from the folder itself."""
    (checkpoint / "unet" / "evil_unet.py").write_text("open('canary', 'w')")
    change_index(checkpoint, unet=entry)
    with pytest.raises(BadCheckpoint, match=r"unet is .*, code that is not loaded here"):
        checkpoint_check.check(checkpoint)


@pytest.mark.parametrize("left_out", [None, [None, None]], ids=str)
def test_a_safety_checker_may_be_left_out(checkpoint: Path, left_out: object) -> None:
    only(checkpoint, "safety_checker")
    change_index(checkpoint, safety_checker=left_out)
    checkpoint_check.check(checkpoint)


@pytest.mark.parametrize("name", synthetic.SYNTHETIC)
def test_every_synthetic_checkpoint_is_accepted(tmp_path: Path, name: str) -> None:
    folder = make_checkpoint(tmp_path / name, name)
    checkpoint_check.check(folder)
    weights = {path.parent.name for path in checkpoint_check.loaded_files(folder) if path.suffix == ".safetensors"}
    assert weights == checkpoint_check.parameters(folder).keys()


@pytest.mark.parametrize("component", ["text_encoder", "text_encoder_2", "vae"])
def test_stable_diffusion_xl_has_two_text_encoders(tmp_path: Path, component: str) -> None:
    folder = make_checkpoint(tmp_path / "xl", "tiny-sdxl")
    change_index(folder, **{component: [None, None]})
    with pytest.raises(BadCheckpoint, match=rf"model_index\.json names no {component}$"):
        checkpoint_check.check(folder)


def test_an_unknown_pipeline_is_refused_by_naming_those_that_are_known(checkpoint: Path) -> None:
    change_index(checkpoint, _class_name="FluxPipeline")
    with pytest.raises(BadCheckpoint) as caught:
        checkpoint_check.check(checkpoint)
    assert str(caught.value) == (
        f"{checkpoint} is a FluxPipeline; the suite measures LatentConsistencyModelPipeline, "
        "StableDiffusion3Pipeline, StableDiffusionPipeline, StableDiffusionXLPipeline"
    )


@pytest.mark.parametrize("name", [None, 5, ["StableDiffusionPipeline"], {}], ids=str)
def test_the_name_of_a_pipeline_may_be_anything(checkpoint: Path, name: object) -> None:
    change_index(checkpoint, _class_name=name)
    with pytest.raises(BadCheckpoint, match="the suite measures"):
        checkpoint_check.check(checkpoint)


def test_parameters_are_counted_over_all_shards(checkpoint: Path) -> None:
    shards = [f"diffusion_pytorch_model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    only(checkpoint, "unet", *shards)
    (checkpoint / INDEX).write_text(json.dumps({"weight_map": {"a": shards[0], "b": shards[1]}}))
    assert checkpoint_check.parameters(checkpoint) == {"unet": 2, "vae": 1, "text_encoder": 1, "safety_checker": 1}


def test_a_unet_may_not(checkpoint: Path) -> None:
    change_index(checkpoint, unet=None)
    with pytest.raises(BadCheckpoint, match=r"model_index\.json names no unet"):
        checkpoint_check.check(checkpoint)


def test_what_is_not_loaded_is_no_part_of_a_checkpoint_s_identity(checkpoint: Path) -> None:
    """``hf download --local-dir`` leaves the time of the download, macOS a .DS_Store, and people a readme."""
    before = checkpoint_check.loaded_files(checkpoint)
    for name in (
        ".cache/huggingface/download/unet/config.json.metadata",
        ".DS_Store",
        "unet/._config.json",
        "README.md",
    ):
        (checkpoint / name).parent.mkdir(parents=True, exist_ok=True)
        (checkpoint / name).write_text("1764316800.0")
    (checkpoint / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(safetensors())
    checkpoint_check.check(checkpoint)
    assert checkpoint_check.loaded_files(checkpoint) == before


def test_a_pipe_in_place_of_weights_is_refused(checkpoint: Path) -> None:
    (checkpoint / VAE).unlink()
    os.mkfifo(checkpoint / VAE)
    with pytest.raises(BadCheckpoint, match="not a regular file"):
        checkpoint_check.check(checkpoint)
