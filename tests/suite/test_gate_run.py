"""The gate as a user meets it: a baseline's life, what a failing row says, and what CI gets of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import HERE, RunLadder, options_for, run_ladder_in

Options = tuple[str, ...]
Ran = subprocess.CompletedProcess[str]

SLOWER = {"SILLY_SLOWDOWN": "1.1", "SILLY_KERNEL": "ref:any"}  # the same packages, but other kernels: it is believed
SLIGHTLY = SLOWER | {"SILLY_SLOWDOWN": "1.025"}
QUICK = ("--rounds", "3", "--budget", "0")
MOVED = "UNet step: convolution from 50 brgconv:avx512_core_bf16 f32 to 50 ref:any f32"


@pytest.fixture
def options(silly_options: Options, tmp_path: Path) -> Options:
    return within(tmp_path, silly_options)


def within(folder: Path, silly_options: Options) -> Options:
    return (*silly_options, *QUICK, "--baselines", str(folder / "baselines"))


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a baseline and return the folder that holds it and the cache."""
    folder = tmp_path_factory.mktemp("first")
    options = within(folder, options_for(make_checkpoint(folder / "checkpoint")))
    ran = run_ladder_in(folder, *recorded(options, "the first"))
    assert ran.returncode == 0, ran.stdout
    return folder


@pytest.fixture
def baseline(first_run: Path, tmp_path: Path) -> Path:
    """Return the file of a baseline of one session, in the folder where ``options`` look for it."""
    for name in ("baselines", "cache"):
        shutil.copytree(first_run / name, tmp_path / name)
    return baseline_file(tmp_path)


def recorded(options: Options, why: str) -> Options:
    return (*options, "--update-baseline", "--why", why)


def baseline_file(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "baselines").rglob("*.json")
    return path


def said_verdict(ran: Ran) -> str:
    """Return the verdict in the lines below the ladder."""
    match = re.search(r"^eager-fp32  ([a-z ]+): ", ran.stdout, re.MULTILINE)
    assert match, ran.stdout + ran.stderr
    return match[1]


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


def properties(junit: Path) -> dict[str, str]:
    elements = ElementTree.parse(junit).iterfind(".//testcase[@name='test_verdict[eager-fp32]']/properties/property")
    return {element.get("name", ""): element.get("value", "") for element in elements}


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
        r"eager-fp32 +0% +18% +- +16% +200\.0 +1\.0000 +0\.00% +10/10",
        r"ok  precision +100 % of matmul and convolution time in f32",
        r"ok  image +bit-equal",
        r"UNet step +0\.55 s +18 GFLOP/s +18% of the peak in f32",
        r"100% +50 convolution ref:any f32",
    ):
        assert re.search(needed, explained), f"{needed} in:\n{explained}"
    compared = explain(tmp_path, "other.json", "--against", "one.json")
    assert re.search(r"UNet step +0\.5 s -> +0\.55 s +\+10\.0%", compared)
    assert MOVED in compared


def explain(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "perf", "explain", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


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
