"""The folders that are accepted as checkpoints, and the error for those that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.errors import BadCheckpoint
from perf.measure import checkpoint_check
from tests.builders.checkpoints import safetensors


def test_a_complete_folder_is_accepted(checkpoint: Path) -> None:
    checkpoint_check.check(checkpoint)


def test_a_checkpoint_without_safety_checker_is_accepted(checkpoint: Path) -> None:
    index = json.loads((checkpoint / "model_index.json").read_text())
    (checkpoint / "model_index.json").write_text(json.dumps(index | {"safety_checker": [None, None]}))
    (checkpoint / "safety_checker" / "model.safetensors").unlink()
    checkpoint_check.check(checkpoint)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model_index.json", None, "is not a diffusers checkpoint: no model_index.json"),
        ("model_index.json", b"{", "model_index.json is not valid JSON"),
        ("model_index.json", b"[]", "model_index.json holds no JSON object"),
        ("model_index.json", b'{"_class_name": "FluxPipeline"}', "is a FluxPipeline; the suite measures"),
        ("unet/config.json", None, "is not a diffusers checkpoint: no config.json in"),
        ("vae/model.safetensors", None, "vae has no weights"),
        ("vae/model.safetensors", safetensors()[:-1], "is damaged"),
        ("vae/model.safetensors", safetensors() + b"x", "is damaged"),
        ("vae/model.safetensors", safetensors()[:20], "is truncated or not a safetensors file (20 bytes)"),
        ("vae/model.safetensors", b"", "is truncated or not a safetensors file (0 bytes)"),
        ("vae/model.safetensors", safetensors({"x": 1}), "has no valid safetensors header"),
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
