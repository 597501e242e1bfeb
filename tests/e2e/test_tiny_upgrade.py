"""Two real stacks, or the same one twice, compared on the tiny model: all but the figures is checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from perf.host.stack import ROOT, Stack
from tests.builders.runs import DATA, SUITE_OPTIONS, WITHOUT_HYPOTHESIS, surroundings

pytestmark = pytest.mark.alone


def test_a_stack_beside_one_whose_workers_do_more(stacks: dict[str, Stack], cache_dir: Path, tmp_path: Path) -> None:
    """Let the candidate do half as much work again, which no noise hides; the work is real, as is all else."""
    python = stacks["current"].python
    suite = str(ROOT / "perf" / "suite" / "test_pairs.py")
    stack_pair = ("--reference", python, "--candidate", str(DATA / "slowed_python"))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", suite, *SUITE_OPTIONS, *WITHOUT_HYPOTHESIS, *stack_pair, "--model", "tiny",
         "--variant", "openvino-static", "--budget", "0", "--wait", "600", "--json", "up.json"],
        env=surroundings() | {"PERF_CACHE": str(cache_dir), "TMPDIR": str(tmp_path), "SLOWED_PYTHON": python,
                              "SLOWED_PERCENT": "50"},
        cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    (result,) = json.loads((tmp_path / "up.json").read_text())["results"]
    assert (result["verdict"], result["faults"]) == ("regressed", [])
    assert result["fidelity"]["psnr_db"] == 200, "the same image, by turns or not"
    assert "UNet step" in result["moved"]
    calls = {
        len(pair[side]["parts"]["unet_steps_s"]) for pair in result["pairs"] for side in ("reference", "candidate")
    }
    assert calls == {21}
