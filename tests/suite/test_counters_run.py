"""Whole runs of a silly row whose instructions, cycles and reference cycles are counted."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builders.checkpoints import make_checkpoint
from tests.builders.gate_runs import QUICK, said_verdict, within
from tests.builders.runs import RunLadder, options_for, run_ladder_in

Options = tuple[str, ...]
Ran = subprocess.CompletedProcess[str]

COUNTED: dict[str, str] = {"SILLY_COUNTS": "1", "SILLY_JITTER": "0.001"}


@pytest.fixture(scope="module")
def counted_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a baseline of four sessions with counts, and return the folder that holds it and the cache."""
    folder = tmp_path_factory.mktemp("counted")
    options = (*options_for(make_checkpoint(folder / "checkpoint")), *QUICK, "--baselines", str(folder / "baselines"))
    record = ("--update-baseline", "--why", "the first", "--sessions", "4")
    ran = run_ladder_in(folder, *options, *record, SILLY_COUNTS="1", SILLY_JITTER="0.001")
    assert ran.returncode == 0, ran.stdout
    return folder


@pytest.fixture
def options(counted_run: Path, tmp_path: Path) -> Options:
    """Return the options of a run that has this baseline."""
    for name in ("baselines", "cache", "checkpoint"):
        shutil.copytree(counted_run / name, tmp_path / name)
    return within(tmp_path, options_for(tmp_path / "checkpoint"))


def message(ran: Ran) -> str:
    """Return the line of a failing row's message that has the counters."""
    match = re.search(r"counters: +(.*)", ran.stdout)
    assert match, ran.stdout
    return match[1]


def test_the_baseline_has_the_counts(options: Options, tmp_path: Path) -> None:
    (path,) = (tmp_path / "baselines").rglob("*.json")
    (row,) = json.loads(path.read_text())["rows"].values()
    for session in row["sessions"]:
        assert {"instructions", "cycles", "reference_cycles", "cache_misses", "page_faults"} <= session["rounds"].keys()


def test_the_same_counts_and_the_same_time_are_unchanged(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "--benchmark-json", "run.json", **COUNTED)
    assert (ran.returncode, said_verdict(ran)) == (0, "unchanged"), ran.stdout


def test_more_instructions_in_the_same_time_fail(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, **COUNTED | {"SILLY_COUNTS": "1.05"})
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed"), ran.stdout
    assert re.search(r"instructions \+5\.\d % .*; more instructions: software, whatever the packages say", ran.stdout)
    assert message(ran).startswith("more instructions: software; the seconds change by instructions +5.")


def test_a_row_that_stalls_is_its_own_matter_and_said_so(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, **COUNTED, SILLY_SLOWDOWN="1.1")
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed"), ran.stdout
    assert re.match(r"the same instructions; the seconds change by instructions [+-]0\.\d %, stalls \+", message(ran))


def test_a_lower_clock_excuses_and_fails_as_the_machine(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, **COUNTED, SILLY_SLOWDOWN="1.1", SILLY_CLOCK=str(1 / 1.1))
    assert (ran.returncode, said_verdict(ran)) == (1, "disturbed"), ran.stdout
    assert "FAILED" in ran.stdout
    assert "test_machine" in ran.stdout.partition("short test summary")[2]
    assert "the machine: slower: a lower clock excuses rows: eager-fp32 -9.1 %" in ran.stdout


@pytest.mark.parametrize(("more", "code"), [((), 0), (("--require-all",), 2)])
def test_a_clock_within_the_machines_tolerance_leaves_the_row_open(
    run_ladder: RunLadder, options: Options, more: Options, code: int
) -> None:
    ran = run_ladder(*options, *more, **COUNTED, SILLY_SLOWDOWN="1.045", SILLY_CLOCK=str(1 / 1.045))
    assert (ran.returncode, said_verdict(ran)) == (code, "disturbed"), ran.stdout
    assert "the machine's clock is lower: latency +" in ran.stdout


def test_counts_are_told_once_where_they_are_missing(run_ladder: RunLadder, options: Options) -> None:
    """On a machine that has all counters, nothing is to be said."""
    ran = run_ladder(*options, **COUNTED)
    lines = [line for line in (ran.stdout + ran.stderr).splitlines() if "not counted here: " in line]
    assert len(lines) == len(set(lines))
    assert all(", since " in line for line in lines)
