"""Rows that are judged in pairs with their anchor, since their software is not their baseline's, or by memory alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.gate_runs import (
    Options,
    properties,
    said_verdict,
)
from tests.builders.runs import HERE, RunLadder


@pytest.mark.parametrize("slowdown", ["1.1", "3", "1000"])
@pytest.mark.usefixtures("baseline")
def test_the_same_software_that_is_slower_fails(run_ladder: RunLadder, options: Options, slowdown: str) -> None:
    ran = run_ladder(*options, SILLY_SLOWDOWN=slowdown)
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")
    assert "with the anchor" not in ran.stdout


UPGRADED = {"SILLY_VERSION": "0.1+silly"}
NEW_IS_SLOWER = UPGRADED | {"SILLY_SLOWDOWN": "1.1", "SILLY_ONLY_VERSION": "0.1+silly"}


@pytest.mark.parametrize(
    ("slow", "said"),
    [
        pytest.param(NEW_IS_SLOWER, (1, "regressed"), id="the new release is slower"),
        pytest.param(NEW_IS_SLOWER | {"SILLY_SLOWDOWN": "0.9"}, (0, "improved"), id="the new release is faster"),
        pytest.param(UPGRADED | {"SILLY_SLOWDOWN": "1.1"}, (0, "unchanged"), id="the machine is slower"),
        pytest.param(UPGRADED, (0, "unchanged"), id="nothing is slower"),
    ],
)
@pytest.mark.usefixtures("baseline")
def test_other_software_is_judged_in_pairs_with_the_anchor_at_once(
    run_ladder: RunLadder, options: Options, tmp_path: Path, slow: dict[str, str], said: tuple[int, str]
) -> None:
    ran = run_ladder(*options, "--benchmark-json", "run.json", "--junitxml", "junit.xml", **slow)
    assert (ran.returncode, said_verdict(ran)) == said, ran.stdout + ran.stderr
    making, loading = ran.stderr.index("making the stack of its baseline again"), ran.stderr.index("loaded in")
    assert making < loading, "the anchor is there before the first row is measured"
    assert "session 2" not in ran.stderr
    assert f"eager-fp32  {said[1]}: in pairs with the anchor " in ran.stdout
    assert properties(tmp_path / "junit.xml")["judged by"] == "pairs"

    (benchmark,) = json.loads((tmp_path / "run.json").read_text())["benchmarks"]
    record = benchmark["extra_info"]
    assert record["verdict"]["kind"] == said[1]
    assert "torch 0.0+silly -> 0.1+silly" in record["software_changes"]
    assert record["verdict"]["findings"][0]["sees"] == record["paired"]["latency"]["sees"]
    assert re.search(r"; (sees|these pairs alone see|cannot see 3 % here: only) \d+\.\d %", ran.stdout)
    assert benchmark["stats"]["rounds"] == len(record["paired"]["pairs"]), "pytest-benchmark times the candidate"
    assert len(record["session"]["samples"]) == 3, "as of any row, by the candidate alone"


@pytest.mark.usefixtures("baseline")
def test_a_new_release_that_only_takes_more_memory_fails(run_ladder: RunLadder, options: Options) -> None:
    hungry = UPGRADED | {"SILLY_ONLY_VERSION": "0.1+silly", "SILLY_PEAK": str(34 * 10**8)}
    in_a_hurry = run_ladder(*options, **hungry)
    assert (in_a_hurry.returncode, said_verdict(in_a_hurry)) == (0, "undecided"), "two workers may be unlucky"
    assert "peak memory seems +5.5 % (+5.5 % to +5.5 %), 3 more pairs of workers would tell" in in_a_hurry.stdout
    ran = run_ladder(*options, "--budget", "60", **hungry)
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")
    assert re.search(r"regressed: in pairs with the anchor peak memory \+5\.5 % \(.*\); latency \+0\.0 %", ran.stdout)


@pytest.mark.usefixtures("baseline")
def test_a_slowdown_that_is_known_does_not_hide_a_growth_of_memory(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    known = '[[known]]\nrow = "eager-*"\nup_to = 15\nwhy = "https://example.org/123"\nuntil = 9999-12-31\n'
    (tmp_path / "baselines" / "known.toml").write_text(known)
    hungry = NEW_IS_SLOWER | {"SILLY_PEAK": str(34 * 10**8)}
    in_a_hurry = run_ladder(*options, **hungry)
    assert (in_a_hurry.returncode, said_verdict(in_a_hurry)) == (0, "undecided")
    assert "peak memory seems +5.5 % (+5.5 % to +5.5 %), which is neither sure nor known" in in_a_hurry.stdout
    ran = run_ladder(*options, "--budget", "60", **hungry)
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")
    assert "not among the known regressions: peak memory +5.5 %" in ran.stdout


@pytest.mark.usefixtures("baseline")
def test_where_two_workers_do_not_fit_whole_sessions_alternate(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    ran = run_ladder(*options, "--junitxml", "junit.xml", **NEW_IS_SLOWER, SILLY_PEAK=str(HERE.memory_bytes))
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")
    assert "regressed: in whole sessions with the anchor +" in ran.stdout
    assert "two workers do not fit in memory" in ran.stdout
    assert properties(tmp_path / "junit.xml")["judged by"] == "whole sessions"


@pytest.mark.usefixtures("baseline")
def test_the_verdict_alone_measures_the_pairs_it_needs(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "-k", "test_verdict", **NEW_IS_SLOWER)
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")
    assert re.search(r"pairs: +in turns: 11\.\d+ s/image by the anchor, 12\.\d+ now", ran.stdout)


@pytest.mark.usefixtures("baseline")
def test_a_row_that_was_measured_in_pairs_can_be_accepted(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    run_ladder(*options, "--benchmark-json", "run.json", **NEW_IS_SLOWER)
    command = [sys.executable, "-m", "perf", "accept", "run.json", "--row", "eager-fp32", "--why", "worth it"]
    subprocess.run([*command, "--baselines", "baselines"], cwd=tmp_path, check=True)
    ran = run_ladder(*options, **NEW_IS_SLOWER)
    assert (ran.returncode, said_verdict(ran)) == (0, "unchanged")
    assert "with the anchor" not in ran.stdout, "it is its own anchor now"


@pytest.mark.parametrize("name", ["ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "TORCH_NNPACK"])
@pytest.mark.usefixtures("baseline")
def test_an_environment_that_steers_kernels_is_other_software(
    run_ladder: RunLadder, options: Options, name: str
) -> None:
    ran = run_ladder(*options, **{name: "AVX2"})
    assert (ran.returncode, said_verdict(ran)) == (0, "unchanged")
    assert "in pairs with the anchor" in ran.stdout
    assert f"{name} not set -> AVX2" in ran.stdout


@pytest.mark.parametrize(
    ("asked", "changed", "pairs"),
    [("pairs", {}, True), ("memory", {}, False), ("memory", UPGRADED, False), ("auto", {}, False)],
)
@pytest.mark.usefixtures("baseline")
def test_how_rows_are_judged_can_be_chosen(
    run_ladder: RunLadder, options: Options, asked: str, changed: dict[str, str], pairs: bool
) -> None:
    ran = run_ladder(*options, "--judge", asked, **changed)
    assert (ran.returncode, said_verdict(ran)) == (0, "unchanged")
    assert ("in pairs with the anchor" in ran.stdout) is pairs
    assert ("by memory alone, which tells software from machine badly: --judge memory" in ran.stdout) is bool(changed)


@pytest.mark.usefixtures("baseline")
def test_without_its_anchor_a_row_is_judged_by_memory_alone(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, **UPGRADED, SILLY_SLOWDOWN="1.5", SILLY_VENV="out of cheese")
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")
    assert re.search("by memory alone.*: .* environment: out of cheese", ran.stdout), ran.stdout


@pytest.mark.parametrize("deed", ["load:exit", "generate:exit", "evidence:exit"])
@pytest.mark.usefixtures("baseline")
def test_an_anchor_whose_worker_dies_is_no_fault_of_the_rows(
    run_ladder: RunLadder, options: Options, tmp_path: Path, deed: str
) -> None:
    dying = UPGRADED | {"SILLY_ONLY_VERSION": "0.0+silly", "SILLY": deed}
    ran = run_ladder(*options, "--benchmark-json", "run.json", **dying)
    assert (ran.returncode, said_verdict(ran)) == (0, "unchanged"), ran.stdout + ran.stderr
    assert re.search(r"by memory alone.*: the anchor's worker failed: .*exit code 3", ran.stdout)
    assert json.loads((tmp_path / "run.json").read_text())["benchmarks"][0]["stats"]["rounds"] > 0


@pytest.mark.usefixtures("baseline")
def test_the_pairs_before_an_anchors_worker_died_judge(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    dying = {"SILLY": "load:exit", "SILLY_FOLDER": "reference-3", "SILLY_JITTER": "0.1"}
    ran = run_ladder(*options, "--budget", "60", "--benchmark-json", "run.json", **UPGRADED, **dying)
    assert said_verdict(ran) == "undecided", ran.stdout + ran.stderr
    assert re.search(r"in pairs with the anchor .*2 pairs of workers.*; no further pairs: .*exit code 3", ran.stdout)
    (benchmark,) = json.loads((tmp_path / "run.json").read_text())["benchmarks"]
    assert {pair["workers"] for pair in benchmark["extra_info"]["paired"]["pairs"]} == {1, 2}


@pytest.mark.usefixtures("baseline")
def test_a_candidate_that_dies_in_its_pairs_fails_the_row(run_ladder: RunLadder, options: Options) -> None:
    dying = UPGRADED | {"SILLY_ONLY_VERSION": "0.1+silly", "SILLY": "generate:exit"}
    ran = run_ladder(*options, **dying)
    assert ran.returncode == 1
    assert re.search(r"eager-fp32, candidate: .*exit code 3", ran.stdout)


@pytest.mark.usefixtures("baseline")
def test_pairs_that_other_work_has_all_disturbed_say_so(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "--budget", "0", **NEW_IS_SLOWER, SILLY_PRESSURE="7")
    assert (ran.returncode, said_verdict(ran)) == (0, "disturbed")
    assert "other work ran during every pair" in ran.stdout
    assert "session 2" not in ran.stderr, "more sessions are no more pairs"
