"""The tiny twin of every family, really measured by a row of each backend: all claims hold, and the image is right."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders.runs import HERE, ladder_command, surroundings

# IPEX is told the inputs of the UNet; GenAI runs what optimum-intel exports, and finds both tokenizers. Eager float32
# makes what their images are compared with.
XL_ROWS = (*(["ipex-bf16-sample-input"] if HERE.bf16_isa else []), "genai-static")


def measure(folder: Path, cache_dir: Path, model: str, *options: str) -> dict[str, Any]:
    """Measure a model as a user would, and return row -> what is kept of it."""
    shortest = ("--rounds", "1", "--budget", "0", "--wait", "600", "--history", "none", "--baselines", "baselines")
    result = subprocess.run(
        ladder_command("--model", model, *shortest, "--benchmark-json", "run.json", *options),
        env=surroundings() | {"PERF_CACHE": str(cache_dir)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    benchmarks = json.loads((folder / "run.json").read_text())["benchmarks"]
    return {benchmark["extra_info"]["variant"]["name"]: benchmark["extra_info"] for benchmark in benchmarks}


def check(measured: dict[str, Any], unet_calls: int, parts: set[str]) -> None:
    """Check that all claims hold, and how many calls and which parts a generation has."""
    for row in measured.values():
        assert [claim for claim in row["claims"] if not claim["holds"]] == []
        assert "image" in {claim["name"] for claim in row["claims"]}
        assert set(row["work"]) == parts
        for sample in row["session"]["samples"]:
            assert len(sample["parts"]["unet_steps_s"]) == unet_calls
            assert sample["parts"]["text_encoder_s"] > 0


@pytest.mark.alone
def test_stable_diffusion_xl(tmp_path: Path, cache_dir: Path) -> None:
    rows = [f"--variant={name}" for name in XL_ROWS]
    measured = measure(tmp_path, cache_dir, "tiny-sdxl", *rows, "--steps", "2", "--warmup-steps", "1")
    assert set(measured) == set(XL_ROWS)
    check(measured, unet_calls=2, parts={"text_encoder", "unet", "vae_decode"})


def test_a_transformer_in_place_of_the_unet(tmp_path: Path, cache_dir: Path) -> None:
    options = ("--variant", "eager-fp32", "--steps", "2", "--warmup-steps", "1")
    measured = measure(tmp_path, cache_dir, "tiny-sd3", *options)
    check(measured, unet_calls=2, parts={"text_encoder", "unet", "vae_decode"})


def test_a_turbo_model_makes_one_step_without_being_told(tmp_path: Path, cache_dir: Path) -> None:
    measured = measure(tmp_path, cache_dir, "tiny-sd-turbo", "--variant", "openvino-static")
    assert measured["openvino-static"]["protocol"]["guidance_scale"] == 0
    check(measured, unet_calls=1, parts={"text_encoder", "unet", "vae_decode"})
