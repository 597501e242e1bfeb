"""A sweep, really measured on the tiny model: two rows at two sizes and two step counts, by one worker each."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders.runs import ladder_command, surroundings

pytestmark = pytest.mark.alone

ROWS = ("eager-fp32", "openvino-dynamic")
SETTINGS = [(size, steps) for size in ("64x64", "128x128") for steps in (2, 4)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> tuple[Path, str]:
    """Sweep, and return the folder of what was written, and the progress."""
    folder = tmp_path_factory.mktemp("sweep")
    rows = [f"--variant={name}" for name in ROWS]
    swept = ("--size=64x64,128x128", "--steps=2,4", "--warmup-steps=2", "--rounds=2", "--budget=0", "--wait=600")
    written = ("--benchmark-json=run.json", "--baselines=baselines")
    result = subprocess.run(
        ladder_command("--model=tiny", *rows, *swept, *written),
        env=surroundings() | {"PERF_CACHE": str(cache_dir)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return folder, result.stderr


@pytest.fixture(scope="module")
def records(ran: tuple[Path, str]) -> dict[str, Any]:
    benchmarks = json.loads((ran[0] / "run.json").read_text())["benchmarks"]
    return {each["extra_info"]["variant"]["name"]: each["extra_info"] for each in benchmarks}


def test_one_worker_makes_all_settings_of_a_row(ran: tuple[Path, str], records: dict[str, Any]) -> None:
    assert list(records) == [f"{row}-{size}-{steps}steps" for row in ROWS for size, steps in SETTINGS]
    loaded = re.findall(r"^(\S+) \(\d/8\): loaded in", ran[1], re.MULTILINE)
    assert loaded == [f"{row}-64x64-2steps" for row in ROWS]
    assert [name for name, record in records.items() if record["session"]["load_s"] is not None] == loaded


def test_each_setting_makes_its_own_image_and_proves_it(records: dict[str, Any]) -> None:
    for name, record in records.items():
        assert record["fidelity"]["ssim"] > 0.99, f"{name}: against the image of its own size and steps"
        assert all(claim["holds"] is not False for claim in record["claims"]), name
        calls = {len(sample["parts"]["unet_steps_s"]) for sample in record["session"]["samples"]}
        assert calls == {record["variant"]["steps"] + 1}, "PNDM makes one call more"


def test_the_work_is_counted_for_each_size(records: dict[str, Any]) -> None:
    for row in ROWS:
        small, large = (records[f"{row}-{size}-4steps"]["work"]["unet"]["operations"] for size in ("64x64", "128x128"))
        assert large > 3 * small
