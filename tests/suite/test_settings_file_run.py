"""Runs that take their options from a file: what it sets, what the command line does to it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import SILLY_PYTHON, RunLadder

STACK = ("--stack", f"current={SILLY_PYTHON}")
SETTINGS = """
model = "checkpoint"
variants = ["eager-fp3?"]
steps = 7
rounds = 3
budget = 0
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    make_checkpoint(tmp_path / "checkpoint")
    path = tmp_path / "perf.toml"
    path.write_text(SETTINGS)
    return path


def measured(path: Path) -> dict[str, dict[str, Any]]:
    """Return the protocol of each row of a run, by the row's name."""
    records = [benchmark["extra_info"] for benchmark in json.loads(path.read_text())["benchmarks"]]
    return {record["variant"]["name"]: record["protocol"] for record in records}


def test_a_file_sets_rows_and_options_and_is_named(run_ladder: RunLadder, settings: Path, tmp_path: Path) -> None:
    ran = run_ladder(*STACK, "--benchmark-json", "run.json", "--markdown", "ladder.md")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (protocol,) = measured(tmp_path / "run.json").values()
    assert (protocol["steps"], protocol["rounds"], protocol["warmup_steps"]) == (7, 3, 10)
    assert f"settings: {settings}" in ran.stdout
    assert f"- settings: {settings}" in (tmp_path / "ladder.md").read_text()


def test_the_command_line_wins_over_the_file(run_ladder: RunLadder, settings: Path, tmp_path: Path) -> None:
    settings.write_text(SETTINGS.replace("eager-fp3?", "openvino-*"))
    ran = run_ladder(*STACK, "--benchmark-json", "run.json", "--steps", "20", "--variant", "eager-fp32")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    protocols = measured(tmp_path / "run.json")
    assert list(protocols) == ["eager-fp32"]
    assert (protocols["eager-fp32"]["steps"], protocols["eager-fp32"]["rounds"]) == (20, 3)


def test_a_tolerance_holds_for_a_row_that_is_judged_by_its_baseline(
    run_ladder: RunLadder, settings: Path, tmp_path: Path
) -> None:
    """A row that is surely 9 % slower is regressed, unless the file tolerates 20 %."""
    options = (*STACK, "--baselines", str(tmp_path / "baselines"), "--steps", "20")
    assert run_ladder(*options, "--update-baseline", "--why", "first", "--sessions", "4").returncode == 0
    slow = {"SILLY_SLOWDOWN": "1.12"}  # of the UNet steps
    by_default = run_ladder(*options, **slow)
    assert (by_default.returncode, "eager-fp32  regressed: " in by_default.stdout) == (1, True), by_default.stdout
    settings.write_text(SETTINGS + '[tolerance]\n"*" = {latency = 20}\n"eager-*" = {latency = 25}\n')
    tolerated = run_ladder(*options, **slow)
    assert tolerated.returncode == 0, tolerated.stdout
    assert "eager-fp32  unchanged: no slower than 25 %: " in tolerated.stdout


def test_a_failing_row_repeats_only_what_the_file_does_not_say(run_ladder: RunLadder, settings: Path) -> None:
    options = (*STACK, "--baselines", "none", "--steps", "20")
    ran = run_ladder(*options, SILLY_THREADS="99")  # not as it claims
    assert ran.returncode == 1
    (again,) = [line for line in ran.stdout.splitlines() if "measure again: " in line]
    assert "--steps 20" in again
    assert not [name for name in ("--model", "--rounds", "--budget") if name in again]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rouns = 3", "unknown key 'rouns'; did you mean rounds or row?"),
        ("rounds = 0", "rounds 0: must be at least 1"),
        ("fresh = 9", "fresh 9: must be 0 to 4"),
        ("size = '500x500'", "size 500x500: both sides must be positive multiples of 8"),
        ("load-deadline = -1", "load-deadline -1: must be above 0 seconds"),
        ("variants = ['openvino-statik']", "unknown variant 'openvino-statik'; did you mean openvino-static"),
        ("[tolerance]\n'*' = {latency = 0}", 'tolerance "*": latency 0: must be 0.1 to 1000 percent'),
    ],
)
def test_a_fault_in_the_file_is_one_line(run_ladder: RunLadder, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "perf.toml").write_text(text)
    ran = run_ladder("--steps", "3", "--rounds", "3", "--fresh", "0", "--size", "64", "--variant", "eager-fp32")
    assert ran.returncode == 4
    (line,) = [line for line in ran.stderr.splitlines() if line]
    assert line.startswith(f"ERROR: {tmp_path / 'perf.toml'}: {said}")
    assert not (tmp_path / "cache").exists()
