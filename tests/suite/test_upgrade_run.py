"""The upgrade check as a user runs it, with silly workers: the verdicts on two stacks, and the exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from perf.history.database import Database
from tests.builders.processes import is_running, read_pid, wait_for
from tests.builders.runs import (
    ALLOW_INTERRUPTS,
    HERE,
    PAIRS_SUITE,
    SILLY_PYTHON,
    run_suite_in,
    silly_surroundings,
)

Ran = subprocess.CompletedProcess[str]
Compare = Callable[..., Ran]


@pytest.fixture
def stack_that(tmp_path: Path) -> Callable[..., Path]:
    """Make a silly stack with an environment of its own, as ``SILLY_SLOWDOWN="1.1"`` for a slower one."""

    def make(name: str, **environment: str) -> Path:
        path = tmp_path / name
        exports = "".join(f"export {key}={value}\n" for key, value in environment.items())
        path.write_text(f'#!/bin/sh\n{exports}exec {SILLY_PYTHON} "$@"\n')
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def compare(tmp_path: Path, checkpoint: Path) -> Compare:
    """Compare two silly stacks, on one row unless others are named."""

    def run(reference: Path, candidate: Path, *options: str, **environment: str) -> Ran:
        stack_pair = ("--reference", str(reference), "--candidate", str(candidate))
        row = () if "--variant" in options else ("--variant", "eager-fp32")
        written = ("--json=up.json", "--markdown=up.md", "--junitxml=junit.xml", "--benchmark-json=bench.json")
        wanted = ("--model", str(checkpoint), *stack_pair, *row, *written, *options)
        return run_suite_in(tmp_path, PAIRS_SUITE, *wanted, environment={"COLUMNS": "160"} | environment)

    return run


def results(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "up.json").read_text())["results"]
    return rows


def test_the_same_stack_twice_is_equivalent(compare: Compare, tmp_path: Path) -> None:
    ran = compare(SILLY_PYTHON, SILLY_PYTHON, "--require-all")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (result,) = results(tmp_path)
    assert result["verdict"] == "equivalent"
    assert (result["latency"]["ratio"], result["fidelity"]["psnr_db"]) == (pytest.approx(1.0), 200)
    assert (result["differences"], result["moved"]) == ([], [])
    assert "packages that differ: none" in ran.stdout
    assert "| eager-fp32 | equivalent |" in (tmp_path / "up.md").read_text()


def test_a_check_is_kept_in_the_history_and_drawn(compare: Compare, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    ran = compare(SILLY_PYTHON, SILLY_PYTHON, "--history", address, "--report", str(tmp_path / "report.html"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with Database(address) as database:
        upgrade = database.upgrade("last")
    assert [(row.name, row.verdict) for row in upgrade.rows] == [("eager-fp32", "equivalent")]
    assert (upgrade.about, upgrade.reference) == ("the same packages", upgrade.candidate)
    page = (tmp_path / "report.html").read_text()
    assert "Upgrades that were checked" in page
    assert "1 equivalent" in page


def test_a_row_is_held_to_the_tolerance_of_its_own(
    compare: Compare, stack_that: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "perf.toml").write_text("[tolerance]\n'*' = {latency = 1}\n'eager-*' = {latency = 20}\n")
    ran = compare(SILLY_PYTHON, stack_that("slow", SILLY_SLOWDOWN="1.1"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (slower,) = results(tmp_path)
    assert (slower["verdict"], slower["moved"], slower["latency"]["tolerance"]) == ("equivalent", [], 0.2)
    assert "equivalent: within 20 %." in ran.stdout
    assert f"- settings: {tmp_path / 'perf.toml'}" in (tmp_path / "up.md").read_text()


def test_a_slower_candidate_fails_and_says_which_part_it_is(
    compare: Compare, stack_that: Callable[..., Path], tmp_path: Path
) -> None:
    slow = stack_that("slow", SILLY_SLOWDOWN="1.1", SILLY_KERNEL="ref:any")
    ran = compare(SILLY_PYTHON, slow)
    assert ran.returncode == 1
    (slower,) = results(tmp_path)
    assert (slower["verdict"], slower["moved"]) == ("regressed", ["UNet step"])
    assert slower["latency"]["workers"] == 2, "the luck of one pair of workers is not enough to say so"
    assert "UNet step: convolution from 50 brgconv:avx512_core_bf16 f32 to 50 ref:any f32" in ran.stdout
    cases = ElementTree.parse(tmp_path / "junit.xml").iter("testcase")
    failed = [failure.attrib["message"] for case in cases for failure in case.iter("failure")]
    assert any("eager-fp32: regressed: +8." in message for message in failed)
    (benchmark,) = json.loads((tmp_path / "bench.json").read_text())["benchmarks"]
    (candidate_s,) = {pair["candidate"]["latency_s"] for pair in benchmark["extra_info"]["pairs"]}
    (reference_s,) = {pair["reference"]["latency_s"] for pair in benchmark["extra_info"]["pairs"]}
    assert candidate_s / reference_s == pytest.approx(slower["latency"]["ratio"], rel=0.01)
    assert benchmark["stats"]["rounds"] == len(benchmark["extra_info"]["pairs"]) >= 5


def test_images_that_are_held_up_although_their_steps_are_alike_are_asked_about_and_said(
    compare: Compare, stack_that: Callable[..., Path], tmp_path: Path
) -> None:
    ran = compare(SILLY_PYTHON, stack_that("stalling", SILLY_STALL="1.5"), "--steps", "10", SILLY_PRESSURE="0.1")
    (result,) = results(tmp_path)
    assert (result["verdict"], result["moved"]) == ("equivalent", ["plain latency"])
    assert result["latency"]["workers"] == 3, "two pairs of workers are enough for the latency"
    assert "moved: plain latency +3." in ran.stdout


def test_undecided_says_how_many_more_pairs_it_would_take(compare: Compare, tmp_path: Path) -> None:
    ran = compare(SILLY_PYTHON, SILLY_PYTHON, "--budget", "0", "--require-all", SILLY_JITTER="0.1")
    assert (ran.returncode, results(tmp_path)[0]["verdict"]) == (2, "undecided")
    assert results(tmp_path)[0]["latency"]["workers"] == 2
    assert "more pairs would tell" in ran.stdout
    (failure,) = ElementTree.parse(tmp_path / "junit.xml").iter("failure")
    assert re.search(r"\nto decide it: a larger --budget, or a calmer machine", failure.attrib["message"])


def test_memory_that_only_seems_larger_is_said(compare: Compare, stack_that: Callable[..., Path]) -> None:
    ran = compare(SILLY_PYTHON, stack_that("hungry", SILLY_PEAK=str(34 * 10**8)), "--budget", "0")
    assert ran.returncode == 0
    said = r"^  peak memory seems \+5\.5 % \(\+5\.5 % to \+5\.5 %\), 3 more pairs of workers would tell$"
    assert re.search(said, ran.stdout, re.MULTILINE), ran.stdout


def test_undecided_beside_a_row_that_fails_is_a_failure(
    compare: Compare, stack_that: Callable[..., Path], tmp_path: Path
) -> None:
    dying = stack_that("dying", SILLY="generate:exit", SILLY_ROW="openvino-static", SILLY_JITTER="0.1")
    rows = ("--variant", "eager-fp32", "--variant", "openvino-static")
    ran = compare(SILLY_PYTHON, dying, *rows, "--budget", "0", "--require-all", SILLY_JITTER="0.1")
    assert [row["verdict"] for row in results(tmp_path)] == ["undecided", "invalid"]
    assert ran.returncode == 1


def test_without_pressure_a_pair_that_waits_is_set_aside(compare: Compare, tmp_path: Path) -> None:
    ran = compare(SILLY_PYTHON, SILLY_PYTHON, SILLY_PRESSURE="", SILLY_WAITS="3")
    (result,) = results(tmp_path)
    assert result["verdict"] == "equivalent", ran.stdout + ran.stderr
    for number in (1, 2):
        aside = [pair["set_aside"] for pair in result["pairs"] if pair["workers"] == number]
        assert aside == [False, True, *[False] * (len(aside) - 2)], "the first of its generations is the warm-up"
    pairs = len(result["pairs"])
    assert f"42 of {21 * pairs} steps and 2 of {pairs} pairs set aside: other work ran at the same time" in ran.stdout


def test_disturbed_steps_are_set_aside_and_the_rest_of_their_pairs_is_kept(compare: Compare, tmp_path: Path) -> None:
    ran = compare(SILLY_PYTHON, SILLY_PYTHON, SILLY_BUSY="2 3 20")
    (result,) = results(tmp_path)
    assert result["verdict"] == "equivalent", ran.stdout + ran.stderr
    assert {(pair["set_aside"], tuple(pair["disturbed_steps"])) for pair in result["pairs"]} == {(False, (2, 3, 20))}
    assert result["set_aside"]["steps"] == 3 * len(result["pairs"])
    assert f"{3 * len(result['pairs'])} of {21 * len(result['pairs'])} steps set aside: other work" in ran.stdout
    assert re.search(r"verdict after \d+ s; a slowdown of \+\d\.\d % would have been found", ran.stdout)
    assert result["seconds"] > sum(result["starts_s"]) > 0
    assert 1 < result["latency"]["sees"] < 1.06


def test_a_worker_that_dies_makes_its_row_invalid_and_the_rest_goes_on(
    compare: Compare, stack_that: Callable[..., Path], tmp_path: Path
) -> None:
    dying = stack_that("dying", SILLY="generate:exit", SILLY_ROW="eager-fp32")
    ran = compare(SILLY_PYTHON, dying, "--variant", "eager-fp32", "--variant", "openvino-static")
    assert ran.returncode == 1
    died, other = results(tmp_path)
    assert (died["verdict"], died["pairs"]) == ("invalid", [])
    assert len(other["pairs"]) >= 3
    assert "eager-fp32, candidate: worker" in ran.stdout
    assert "out of cheese" in ran.stdout


def test_a_candidate_that_makes_another_image_is_invalid(
    compare: Compare, stack_that: Callable[..., Path], tmp_path: Path
) -> None:
    ran = compare(SILLY_PYTHON, stack_that("painter", SILLY_PIXEL="0.9"))
    assert ran.returncode == 1
    assert "the two images differ: PSNR" in results(tmp_path)[0]["says"]


def test_where_two_do_not_fit_in_memory_sessions_alternate(
    compare: Compare, stack_that: Callable[..., Path], tmp_path: Path
) -> None:
    ran = compare(SILLY_PYTHON, stack_that("slow", SILLY_SLOWDOWN="1.2"), SILLY_PEAK=str(HERE.memory_bytes))
    assert f"two workers do not fit in memory ({HERE.memory_bytes / 1e9:.1f} GB each" in ran.stderr
    (result,) = results(tmp_path)
    assert (ran.returncode, result["verdict"]) == (1, "regressed")
    assert "whole sessions alternated" in ran.stdout
    sides = [[pair[side]["latency_s"] for pair in result["pairs"]] for side in ("reference", "candidate")]
    assert [len(side) for side in sides] == [6, 6]
    assert max(sides[0]) < min(sides[1])
    loaded = re.findall(r"(reference|candidate) (\d+): loaded", ran.stderr)
    assert loaded == [("candidate", "1"), ("reference", "1"), ("reference", "2"), ("candidate", "2")]


def test_a_row_that_one_stack_cannot_run_is_left_out_and_nothing_at_all_is_no_success(
    compare: Compare, stack_that: Callable[..., Path]
) -> None:
    poor = stack_that("poor", SILLY_LACKS="openvino")
    ran = compare(SILLY_PYTHON, poor, "--variant", "openvino-static")
    assert ran.returncode == 1
    assert "openvino-static: skipped: candidate: stack candidate" in ran.stderr
    assert "no row could be compared" in ran.stdout


def test_nothing_is_said_where_other_work_ran_beside_every_pair(compare: Compare, tmp_path: Path) -> None:
    ran = compare(SILLY_PYTHON, SILLY_PYTHON, "--budget", "0", SILLY_PRESSURE="6.5")
    assert ran.returncode == 2
    assert "other work ran during every pair" in results(tmp_path)[0]["says"]


@pytest.mark.parametrize(
    ("reference", "candidate", "says"),
    [
        ("/bin/true", None, "/bin/true does not say what it has"),
        (None, "/nowhere/python", "--candidate: /nowhere/python is not an executable file"),
        (None, sys.executable, "lacks torch, diffusers, transformers: it cannot run Stable Diffusion"),
    ],
)
def test_an_interpreter_that_cannot_be_compared_is_one_line(
    compare: Compare, reference: str | None, candidate: str | None, says: str
) -> None:
    ran = compare(Path(reference or SILLY_PYTHON), Path(candidate or SILLY_PYTHON))
    assert ran.returncode == 4
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ERROR: ")]
    assert says in line


@pytest.mark.parametrize(
    ("arguments", "upgrade", "message"),
    [
        ((), "", 'give UPGRADE="openvino==2026.3.1"'),
        (
            (),
            "'openvino==2026.3.1",
            "UPGRADE='openvino==2026.3.1 cannot be split into requirements: no closing quotation",
        ),
        (("--upgrade", "openvino=2"), "", "is not a requirement such as openvino==2026.3.1"),
        (("--upgrade", "torch==2.14.0", "--upgrade-stack", "curent"), "", "did you mean current?"),
        (("--bisect", "openvino", "2026.0.0"), "", "the releases are given as FIRST..LAST"),
    ],
)
def test_a_mistake_in_the_command_is_one_line(arguments: tuple[str, ...], upgrade: str, message: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UPGRADE")}
    ran = subprocess.run(
        [sys.executable, "-m", "perf", "upgrade", *arguments],
        env=environment | {"UPGRADE": upgrade},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 4
    assert message in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_command_and_all_below_it(tmp_path: Path, checkpoint: Path, ending: signal.Signals) -> None:
    silly = ("--reference", str(SILLY_PYTHON), "--candidate", str(SILLY_PYTHON), "--variant", "eager-fp32")
    with subprocess.Popen(
        [*ALLOW_INTERRUPTS, sys.executable, "-m", "perf", "upgrade", *silly, "--model", str(checkpoint)],
        env=silly_surroundings(tmp_path) | {"SILLY": "generate:hang-with-child"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        try:
            (child,) = wait_for(lambda: [*tmp_path.glob("sd-xeon-perf-*/eager-fp32-candidate-1-*/child.pid")])
            pids = [read_pid(child), read_pid(child.with_name("worker.pid"))]
            if ending is signal.SIGINT:
                os.killpg(run.pid, ending)  # as a terminal does
            else:
                run.send_signal(ending)
            output, errors = run.communicate(timeout=30)
        finally:
            run.kill()
    assert run.returncode == 130
    assert "! KeyboardInterrupt" in output, "pytest has come to its own end"
    assert (errors.splitlines()[-1], "Traceback" in errors) == ("interrupted", False)
    for pid in pids:
        wait_for(lambda pid=pid: not is_running(pid))  # type: ignore[misc]
