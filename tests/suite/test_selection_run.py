"""Selections of tests as users make them: refused where nothing would be judged, and else judged."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.builders.runs import (
    PAIRS_SUITE,
    SILLY_PYTHON,
    WITH_CACHE,
    RunLadder,
    run_suite_in,
)

Options = tuple[str, ...]

TWO_ROWS = ("--variant", "openvino-static")  # beside the one of options_for
DESELECT = "--deselect=::test_{}[eager-fp32]"  # below a root that the suite is outside of, a node's id has no file
UNJUDGED = "test_latency[eager-fp32]: would be measured and not judged, since test_verdict[eager-fp32] is not selected"

QUICK = ("--rounds", "3", "--budget", "0")
REFUSED: dict[Options, str] = {
    ("-k", "test_latency"): UNJUDGED.replace("]:", "] and 1 more:", 1),
    ("-k", "test_latency and eager"): UNJUDGED,
    ("-k", "not test_verdict"): "select rows instead, with --variant eager-fp32 or -k eager-fp32",
    ("-m", "benchmark"): "would be measured and not judged",
    (DESELECT.format("verdict"),): UNJUDGED,
    ("--benchmark-only",): "--benchmark-only: skips test_verdict",
    ("--benchmark-skip",): "--benchmark-skip: nothing would be measured, so nothing judged; leave it out",
    ("--benchmark-disable",): "--benchmark-disable: nothing would be measured, so nothing judged; leave it out",
    ("-n", "1"): "-n: a measurement has the machine to itself",
    ("-k", "test_latency", "--update-baseline", "--why", "the first"): "would be measured and not judged",
}


def was_refused(ran: subprocess.CompletedProcess[str], folder: Path, message: str) -> bool:
    """Tell whether a run ended with that message in one line, before anything was made."""
    lines = [line for line in ran.stderr.splitlines() if line]
    assert (ran.returncode, len(lines)) == (4, 1), ran.stdout + ran.stderr
    assert not (folder / "cache").exists()
    assert not [*folder.glob("sd-xeon-perf-*")]
    return lines[0].startswith("ERROR: ") and message in lines[0]


@pytest.mark.parametrize(("options", "message"), REFUSED.items(), ids=[" ".join(options)[:50] for options in REFUSED])
def test_a_ladder_that_would_not_be_judged_is_refused_in_one_line(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path, options: Options, message: str
) -> None:
    assert was_refused(run_ladder(*silly_options, *TWO_ROWS, *options), tmp_path, message)


@pytest.mark.parametrize("option", ["--benchmark-skip", "--benchmark-disable"])
def test_an_upgrade_that_would_not_be_measured_is_refused(tmp_path: Path, checkpoint: Path, option: str) -> None:
    stack_pair = ("--reference", str(SILLY_PYTHON), "--candidate", str(SILLY_PYTHON), "--model", str(checkpoint))
    ran = run_suite_in(tmp_path, PAIRS_SUITE, *stack_pair, option)
    assert was_refused(ran, tmp_path, f"{option}: nothing would be measured")


@pytest.mark.parametrize("selection", [("-k", "test_latency"), ("--benchmark-disable",)], ids=" ".join)
def test_the_tests_of_any_selection_can_be_listed(
    run_ladder: RunLadder, silly_options: Options, selection: Options
) -> None:
    assert run_ladder(*silly_options, *selection, "--collect-only").returncode == 0


def last_line(ran: subprocess.CompletedProcess[str]) -> str:
    """Return the line that pytest ends with, without the time."""
    return re.sub(r" in .*", "", ran.stdout.strip().splitlines()[-1])


def test_a_row_is_selected_by_its_name(run_ladder: RunLadder, silly_options: Options) -> None:
    ran = run_ladder(*silly_options, *TWO_ROWS, *QUICK, "-k", "eager-fp32")
    assert (ran.returncode, last_line(ran)) == (0, "2 passed, 3 deselected"), ran.stderr


def test_the_order_of_the_tests_does_not_matter(run_ladder: RunLadder, silly_options: Options, tmp_path: Path) -> None:
    """pytest-randomly may ask for a verdict before the latency that it rests on."""
    options = (*silly_options, *TWO_ROWS, *QUICK, "--baselines", str(tmp_path / "baselines"))
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    ordinary, reverse = run_ladder(*options), run_ladder(*options, "-p", "tests.data.reversed_items")
    assert (reverse.returncode, last_line(reverse)) == (ordinary.returncode, last_line(ordinary)), reverse.stdout
    slower = run_ladder(*options, "-p", "tests.data.reversed_items", SILLY_SLOWDOWN="1.3", SILLY_SLOW_ROW="eager-fp32")
    assert slower.returncode == 1
    assert "eager-fp32" in slower.stdout.partition("regressed")[0]


def test_the_last_failed_row_is_measured_and_judged_again(run_ladder: RunLadder, silly_options: Options) -> None:
    """A worker that died fails the row's verdict too, which --last-failed selects by that."""
    options = (*silly_options, *TWO_ROWS, *QUICK, *WITH_CACHE)
    first = run_ladder(*options, SILLY="generate:exit", SILLY_ROW="eager-fp32")
    assert (first.returncode, last_line(first)) == (1, "2 failed, 2 passed, 1 skipped")
    assert "eager-fp32: no verdict: it could not be measured, see test_latency" in first.stdout
    second = run_ladder(*options, "--last-failed")
    assert (second.returncode, last_line(second)) == (0, "2 passed, 3 deselected"), second.stderr
    assert "openvino-static (" not in second.stderr


def test_a_row_that_is_required_may_not_go_without_a_verdict(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    required = ("-k", "test_verdict", "--require-all")
    ran = run_ladder(*silly_options, "--variant", "ipex-bf16", *QUICK, *required, TOX_WORK_DIR=str(tmp_path))
    assert ran.returncode == 1
    assert "ipex-bf16: no verdict: stack ipex is not installed" in ran.stdout
    without = run_ladder("--model", "tiny", *required, TOX_WORK_DIR=str(tmp_path))
    assert (without.returncode, "no stack is installed (with --require-all" in without.stdout) == (1, True)
