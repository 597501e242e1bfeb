"""Rows of the same software as their baselines: what is one row's matter, and what is the machine's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import RunLadder, options_for, run_ladder_in

Options = tuple[str, ...]
Ran = subprocess.CompletedProcess[str]

ROWS = ("eager-fp32", "openvino-dynamic", "openvino-static")
MORE_ROWS = tuple(option for row in ROWS[1:] for option in ("--variant", row))
QUICK = ("--rounds", "3", "--budget", "0")
# UNet steps that take so much longer make a tenth of the latency.
A_TENTH = {"SILLY_SLOWDOWN": "1.114"}


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a baseline of three rows, four sessions each, and return the folder that holds it and the cache."""
    folder = tmp_path_factory.mktemp("first")
    options = (*options_for(make_checkpoint(folder / "checkpoint")), *MORE_ROWS, *QUICK)
    ran = run_ladder_in(
        folder, *options, "--baselines", str(folder / "baselines"), "--update-baseline", "--why", "the first",
        "--sessions", "4",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"test_machine.*", ran.stdout) is None
    return folder


@pytest.fixture
def options(first_run: Path, tmp_path: Path) -> Options:
    """Return the options of a run of three rows that has this baseline."""
    for name in ("baselines", "cache", "checkpoint"):
        shutil.copytree(first_run / name, tmp_path / name)
    return (*options_for(tmp_path / "checkpoint"), *MORE_ROWS, *QUICK, "--baselines", str(tmp_path / "baselines"))


def verdicts(ran: Ran) -> dict[str, str]:
    """Return what the lines below the ladder say of the rows and of the machine."""
    lines = re.findall(rf"^({'|'.join(ROWS)}|[0-9] rows|machine) +([a-z ]+): ", ran.stdout, re.MULTILINE)
    return dict(lines)


def failures(junit: Path) -> dict[str, str]:
    """Return the message of each test that failed, by its name."""
    cases = ElementTree.parse(junit).iter("testcase")
    return {case.attrib["name"]: found.attrib["message"] for case in cases for found in case.iter("failure")}


def properties(junit: Path, name: str) -> dict[str, str]:
    elements = ElementTree.parse(junit).iterfind(f".//testcase[@name='{name}']/properties/property")
    return {element.get("name", ""): element.get("value", "") for element in elements}


def test_a_machine_as_ever_passes_and_is_reported(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    ran = run_ladder(
        *options, "--junitxml", "junit.xml", "--markdown", "ladder.md", "--benchmark-json", "run.json"
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    said = r"machine +unchanged: all rows together within 5 %: [+-]\d\.\d % \(.*\), from 3 rows of the same software"
    assert re.search(rf"^{said}", ran.stdout, re.MULTILINE), ran.stdout
    assert re.search(rf"^- {said}", (tmp_path / "ladder.md").read_text(), re.MULTILINE)
    told = properties(tmp_path / "junit.xml", "test_machine")
    assert (told["machine"], told["probe"], told["peak"]) == ("unchanged", "1.0000", "1.0000")
    kept = json.loads((tmp_path / "run.json").read_text())["machine_verdict"]
    assert (kept["kind"], kept["fails"], set(kept["rows"])) == ("unchanged", False, set(ROWS))


def test_one_slow_row_is_that_rows_matter(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    ran = run_ladder(*options, "--junitxml", "junit.xml", **A_TENTH, SILLY_SLOW_ROW="openvino-static")
    assert ran.returncode == 1
    assert verdicts(ran)["openvino-static"] == "regressed"
    assert set(failures(tmp_path / "junit.xml")) == {"test_verdict[openvino-static]"}


def test_rows_that_are_all_slower_are_the_machines_matter(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    (baseline,) = (tmp_path / "baselines").rglob("*.json")
    older = json.loads(baseline.read_text())
    del older["checksum"]
    older["particulars"] |= {"kernel": "6.1.0-old", "bios": "1.2 of 01/01/2020"}
    baseline.write_text(json.dumps(older))
    ran = run_ladder(*options, "--junitxml", "junit.xml", **A_TENTH)
    assert ran.returncode == 1
    failed = failures(tmp_path / "junit.xml")
    assert set(failed) == {"test_machine"}
    for needed in (
        r"the machine: slower: all rows together \+(9|10)\.\d % \(\+\d\.\d % to \+1\d\.\d %\), from 3 rows",
        r"the machine's probe took \+0\.0 %; its peak is \+0\.0 %",
        r"tolerated: +5 % \(--machine-tolerance\)",
        r"rows: +eager-fp32 \+10\.\d %, openvino-dynamic \+10\.\d %, openvino-static \+10\.\d %",
        r"changed: +kernel 6\.1\.0-old -> .*, bios 1\.2 of 01/01/2020 -> ",
    ):
        assert re.search(needed, failed["test_machine"]), f"{needed} in:\n{failed['test_machine']}"
    assert verdicts(ran)["machine"] == "slower"
    rows = [line for line in ran.stdout.splitlines() if re.match(rf"({'|'.join(ROWS)}|3 rows) +disturbed", line)]
    assert rows, ran.stdout
    assert all("see test_machine" in line for line in rows)


def test_what_a_slower_probe_explains_is_the_machines_matter_alone(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    ran = run_ladder(*options, "--junitxml", "junit.xml", **A_TENTH, SILLY_PROBE="1.1")
    assert ran.returncode == 1
    failed = failures(tmp_path / "junit.xml")
    assert set(failed) == {"test_machine"}
    assert "the machine's probe took +10.0 %" in failed["test_machine"]
    assert "regressed" not in verdicts(ran).values()


def test_the_tolerance_is_an_option(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    (tmp_path / "perf.toml").write_text("machine-tolerance = 15\n")
    ran = run_ladder(*options, **A_TENTH)
    assert ran.returncode == 0, ran.stdout
    assert verdicts(ran)["machine"] == "slower"
    assert run_ladder(*options, "--machine-tolerance", "5", **A_TENTH).returncode == 1


@pytest.mark.parametrize("tolerance", ["0", "-1", "nan", "5000"])
def test_a_tolerance_that_means_nothing_is_one_line(run_ladder: RunLadder, options: Options, tolerance: str) -> None:
    ran = run_ladder(*options, "--machine-tolerance", tolerance)
    assert ran.returncode == 4
    (line,) = ran.stderr.strip().splitlines()
    assert f"--machine-tolerance {float(tolerance):g}: must be 0.1 to 1000 percent" in line


def test_a_single_row_tells_nothing_of_the_machine(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "-k", "openvino-static or test_machine", "-rs")
    assert ran.returncode == 0, ran.stdout
    assert "only openvino-static can be compared" in ran.stdout
    assert "2 passed, 1 skipped" in ran.stdout


def test_slow_rows_fail_the_run_without_the_test_that_says_why(run_ladder: RunLadder, options: Options) -> None:
    """What excuses rows is the machine's verdict: with nobody to pronounce it, the run must not end well."""
    ran = run_ladder(*options, "-k", "test_verdict", **A_TENTH)
    assert ran.returncode == 1
    assert verdicts(ran)["machine"] == "slower"


def test_the_machine_is_not_judged_without_rows(run_ladder: RunLadder, options: Options) -> None:
    ran = run_ladder(*options, "-k", "test_machine")
    assert ran.returncode == 4
    assert "judges the machine by the rows of the same run, and none is selected" in ran.stderr
