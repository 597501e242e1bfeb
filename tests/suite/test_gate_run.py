"""The gate as a user meets it: a baseline's life, what a failing row says, and what CI gets of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.builders.gate_runs import (
    SLOWER,
    Options,
    baseline_file,
    properties,
    recorded,
    said_verdict,
)
from tests.builders.runs import RunLadder

SLIGHTLY = SLOWER | {"SILLY_SLOWDOWN": "1.025"}
MOVED = "UNet step: convolution from 50 brgconv:avx512_core_bf16 f32 to 50 ref:any f32"


def test_the_life_of_a_baseline(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    none = run_ladder(*options)
    assert (none.returncode, said_verdict(none)) == (0, "no baseline")
    assert not (tmp_path / "baselines").exists(), "an ordinary run writes nothing"

    first = run_ladder(*recorded(options, "the first"))
    assert first.returncode == 0, first.stdout
    path = baseline_file(tmp_path)
    assert f"eager-fp32: 1 session recorded, now 1 in {path}" in first.stderr

    unchanged = run_ladder(*options)
    assert (unchanged.returncode, said_verdict(unchanged)) == (0, "unchanged")

    before = path.read_bytes()
    regressed = run_ladder(*options, **SLOWER)
    assert (regressed.returncode, said_verdict(regressed)) == (1, "regressed")
    assert path.read_bytes() == before, "a failing run leaves the file alone"

    accepted = run_ladder(*recorded(options, "slower, and worth it"), **SLOWER)
    assert accepted.returncode == 0, accepted.stdout
    changes = json.loads(path.read_text())["changes"]
    assert [change["why"] for change in changes] == ["the first", "slower, and worth it"]

    again = run_ladder(*options, **SLOWER)
    assert (again.returncode, said_verdict(again)) == (0, "unchanged")


def test_a_regressed_row_says_all_that_is_needed(
    run_ladder: RunLadder, options: Options, tmp_path: Path, baseline: Path
) -> None:
    ran = run_ladder(
        *options, "--junitxml", "junit.xml", "--benchmark-json", "run.json", **SLOWER, GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
    )  # fmt: skip
    message = ElementTree.parse(tmp_path / "junit.xml").find(".//testcase[@name='test_verdict[eager-fp32]']/failure")
    assert message is not None
    said = message.get("message", "")
    for needed in (
        r"eager-fp32: regressed: latency \+8\.\d % \(\+\d\.\d % to \+\d+\.\d %\), \d sessions? against 1 of",
        rf"baseline: +{re.escape(str(baseline))} \(1 session, the latest from 2\d\d\d-.*, accepted as 'the first'\)",
        r"moved most: +UNet step \+10\.0 %",
        r"software: +the same software",
        r"conditions: +0 of \d+ rounds set aside as disturbed, CPU pressure 3\.\d % of the time, 2\.00 CPUs in use",
        r"measure again: +tox run -e perf -- --variant eager-fp32 --model \S+",
        r"accept as the new baseline: python -m perf accept run\.json --row eager-fp32 --baselines \S+ --why ",
        r"accept, measured once more: tox run -e perf .* --update-baseline --why \"REASON\"",
    ):
        assert re.search(needed, said), f"{needed} in:\n{said}"

    assert properties(tmp_path / "junit.xml")["verdict"] == "regressed"
    assert re.fullmatch(r"1\.08\d+ \[1\.\d+, 1\.\d+\]", properties(tmp_path / "junit.xml")["latency"])
    (annotation,) = re.findall(r"^::error title=(.*?)::(.*)$", ran.stdout, re.MULTILINE)
    assert annotation[0].endswith("test_verdict[eager-fp32]")
    assert "%0Abaseline:" in annotation[1]
    summary = (tmp_path / "summary.md").read_text()
    assert "| eager-fp32 |" in summary
    assert "- eager-fp32  regressed: latency" in summary

    (benchmark,) = json.loads((tmp_path / "run.json").read_text())["benchmarks"]
    assert benchmark["extra_info"]["verdict"]["kind"] == "regressed"
    assert benchmark["extra_info"]["baseline"] == str(baseline)


@pytest.mark.usefixtures("baseline")
def test_a_suspicion_is_settled_by_fresh_workers(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    ran = run_ladder(*options, "--benchmark-json", "run.json", **SLIGHTLY)
    assert "eager-fp32 (1/1) session 2: loaded in 2 s" in ran.stderr
    (benchmark,) = json.loads((tmp_path / "run.json").read_text())["benchmarks"]
    fresh = benchmark["extra_info"]["fresh_sessions"]
    assert 1 <= len(fresh) <= 4
    assert benchmark["extra_info"]["verdict"]["sessions"] == 1 + len(fresh)
    alone = run_ladder(*options, "--fresh", "0", **SLIGHTLY)
    assert "session 2" not in alone.stderr
    assert said_verdict(alone) == "undecided"


@pytest.mark.usefixtures("baseline")
def test_the_verdict_alone_measures_what_it_needs(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "-k", "test_verdict", **SLOWER)
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")


def test_several_sessions_are_recorded_when_asked_for(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    ran = run_ladder(*recorded(options, "many"), "--sessions", "3")
    assert ran.returncode == 0, ran.stdout
    assert len(json.loads(baseline_file(tmp_path).read_text())["rows"]["eager-fp32"]["sessions"]) == 3


def test_disturbed_rounds_are_measured_again_and_not_recorded(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    ran = run_ladder(*recorded(options, "noisy"), SILLY_PRESSURE="6", COLUMNS="120")
    assert "median of 6, 6 of them disturbed" in ran.stderr
    assert ran.returncode == 1
    assert "not recorded: other work ran during every session" in ran.stdout
    assert not (tmp_path / "baselines").exists()


@pytest.mark.parametrize("number", ["2", "3"])
def test_without_pressure_a_round_that_waits_is_measured_again(
    run_ladder: RunLadder, options: Options, tmp_path: Path, number: str
) -> None:
    """Be it the first timed round, which has none to be held against until the next, or a later one."""
    quiet = {"SILLY_PRESSURE": "", "SILLY_WAITS": number}
    ran = run_ladder(*options, "--budget", "60", "--benchmark-json", "run.json", **quiet)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (benchmark,) = json.loads((tmp_path / "run.json").read_text())["benchmarks"]
    assert benchmark["stats"]["rounds"] == 4


@pytest.mark.usefixtures("baseline")
def test_a_disturbed_machine_is_said_to_be_so(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "--fresh", "1", **SLOWER, SILLY_PRESSURE="6")
    assert (ran.returncode, said_verdict(ran)) == (0, "disturbed")


def test_no_baseline_fails_where_everything_must_be_there(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "--require-all")
    assert ran.returncode == 1
    assert "eager-fp32: no baseline: none in" in ran.stdout
    assert "accept as the new baseline:" in ran.stdout


def test_a_broken_baseline_fails_its_rows_and_is_left_alone(
    run_ladder: RunLadder, options: Options, baseline: Path
) -> None:
    baseline.write_text(baseline.read_text()[:-100])
    before = baseline.read_bytes()
    ran = run_ladder(*options)
    assert (ran.returncode, said_verdict(ran)) == (1, "invalid")
    assert f"{baseline}: not JSON" in ran.stdout
    assert baseline.read_bytes() == before


def test_a_fresh_worker_that_dies_fails_the_row(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "-k", "test_verdict", SILLY="generate:exit")
    assert ran.returncode == 1, ran.stdout
    assert "out of cheese" in ran.stdout


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--update-baseline",), "--update-baseline needs --why"),
        (("--update-baseline", "--why", " "), "--update-baseline needs --why"),
        (("--why", "because"), "without --update-baseline nothing is written"),
        (("--sessions", "0"), "--sessions 0: must be 1 to 20"),
        (("--fresh", "9"), "--fresh 9: must be 0 to 4"),
    ],
)
def test_requests_that_make_no_sense(run_ladder: RunLadder, options: Options, asked: Options, said: str) -> None:
    ran = run_ladder(*options, *asked)
    assert ran.returncode == 4
    assert said in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_a_claim_that_does_not_hold_makes_the_row_invalid(
    run_ladder: RunLadder, options: Options, baseline: Path
) -> None:
    before = baseline.read_bytes()
    ran = run_ladder(*options, SILLY_THREADS="99")
    assert (ran.returncode, said_verdict(ran)) == (1, "invalid")
    assert "eager-fp32: invalid: threads: 99, expected " in ran.stdout
    assert "the row did not run as it claims" in ran.stdout
    assert "accept as the new baseline" not in ran.stdout
    accepted = run_ladder(*recorded(options, "no"), SILLY_THREADS="99")
    assert accepted.returncode == 1
    assert "eager-fp32: not recorded: threads: 99, expected " in accepted.stdout
    assert baseline.read_bytes() == before


def test_an_image_that_went_wrong_makes_the_row_invalid(run_ladder: RunLadder, options: Options) -> None:
    assert said_verdict(run_ladder(*options)) == "no baseline"  # and makes the reference
    ran = run_ladder(*options, SILLY_PIXEL="9")
    assert (ran.returncode, said_verdict(ran)) == (1, "invalid")
    assert "eager-fp32: invalid: image: PSNR " in ran.stdout
    broken = run_ladder(*options, SILLY_PIXEL="nan")
    assert "image: 1 of 768 values of the image are NaN or infinite" in broken.stdout


@pytest.mark.usefixtures("baseline")
def test_a_regression_names_the_kernels_that_moved(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, **SLOWER)
    assert (ran.returncode, said_verdict(ran)) == (1, "regressed")
    assert re.search(rf"differs: +{MOVED}", ran.stdout)


@pytest.mark.usefixtures("baseline")
def test_a_row_that_moved_and_does_not_fail_names_them_too(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, SILLY_SLOWDOWN="0.8", SILLY_KERNEL="ref:any")
    assert (ran.returncode, said_verdict(ran)) == (0, "undecided")  # one session of a baseline does not carry more
    assert re.search(rf"eager-fp32: moved most: UNet step -\d.*\n +differs: {MOVED}", ran.stdout)


def test_a_run_can_be_explained_and_compared(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    run_ladder(*options, "--benchmark-json", "one.json")
    run_ladder(*options, "--benchmark-json", "other.json", **SLOWER)
    explained = explain(tmp_path, "other.json")
    for needed in (
        r"eager-fp32: 1[23]\.\d+ s/image, median of 3",
        r"eager-fp32 +0% +18% +1% +16% +200\.0 +1\.0000 +0\.00% +11/11",
        r"ok  precision +100 % of matmul and convolution time in f32",
        r"ok  image +bit-equal",
        r"UNet step +0\.55 s +18 GFLOP/s +18% of the peak in f32",
        r"50% +50 convolution ref:any f32",
        r"50% +50 matmul ref:any f32",
    ):
        assert re.search(needed, explained), f"{needed} in:\n{explained}"
    compared = explain(tmp_path, "other.json", "--against", "one.json")
    assert re.search(r"UNet step +0\.5 s -> +0\.55 s +\+10\.0%", compared)
    assert MOVED in compared


def explain(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "perf", "explain", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
