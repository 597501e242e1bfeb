"""The names that a model may have, and the shape of its latents."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.errors import UnknownName
from perf.host.stack import Stack
from perf.measure import checkpoints
from perf.spec.protocol import Size


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
    assert checkpoints._run_module(stack, "flops").stdout == "got nothing\n"
