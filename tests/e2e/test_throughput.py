"""Instances side by side with batches, really measured on the tiny model: each bound to its cores, the same image."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from perf.host.linux import parse_cpu_list
from perf.measure.group import CALLS
from tests.builders.runs import HERE, ladder_command, surroundings

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(HERE.usable_cores % 2 == 1, reason="two instances need an even number of cores"),
]

# ONNX Runtime by itself takes all cores, whatever it may use; GenAI and LCM make images and noise of their own.
ROWS = ("lcm-4", "genai-static", "onnxruntime")


@pytest.fixture(scope="module")
def measured(cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("throughput")
    variants = [f"--variant={name}" for name in ROWS]
    ran = subprocess.run(
        [*ladder_command("--model", "tiny", "--instances", "2", "--batch", "2", "--steps", "4", "--warmup-steps", "2"),
         "--rounds", "1", "--baselines", str(folder), "--wait", "600", "--benchmark-json", "run.json", *variants],
        env=surroundings() | {"PERF_CACHE": str(cache_dir), "TMPDIR": str(folder)},
        cwd=folder, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = json.loads((folder / "run.json").read_text())["benchmarks"]
    return {row["extra_info"]["variant"]["name"]: row["extra_info"] for row in rows}


@pytest.mark.parametrize("name", ROWS)
def test_every_instance_is_what_the_row_claims_on_its_own_cores(name: str, measured: dict[str, dict[str, Any]]) -> None:
    row = measured[name]
    assert [claim["says"] for claim in row["claims"] if not claim["holds"]] == []
    assert "pinning" in {claim["name"] for claim in row["claims"]}
    assert row["evidence"]["state"]["threads"] == HERE.usable_cores // 2
    cpus = [parse_cpu_list(instance["cpus"]) for instance in row["session"]["instances"]]
    assert [len(own) for own in cpus] == [HERE.usable_cores // 2] * 2
    assert not cpus[0] & cpus[1]
    assert all(parse_cpu_list(listed) <= cpus[0] for listed in row["evidence"]["surroundings"]["cpus"])


@pytest.mark.parametrize("name", ROWS)
def test_the_first_image_of_a_batch_is_the_one_that_is_made_alone(
    name: str, measured: dict[str, dict[str, Any]]
) -> None:
    image = measured[name]["fidelity"]
    assert image is not None
    assert image["latents_error"] < 0.05


@pytest.mark.parametrize("name", ROWS)
def test_the_images_are_made_in_batches_side_by_side(name: str, measured: dict[str, dict[str, Any]]) -> None:
    session = measured[name]["session"]
    for number, sample in enumerate(session["samples"]):
        own = slice(CALLS * number, CALLS * (number + 1))
        calls_s = [latency_s for instance in session["instances"] for latency_s in instance["latencies_s"][own]]
        assert len(calls_s) == 2 * CALLS
        # Two instances, two images a call: a window is a mean of its calls, and of the moments between them.
        assert min(calls_s) / 4 <= sample["latency_s"] <= 1.5 * max(calls_s) / 4
