"""Rows that could not be decided where all have to be: their tests fail, and the exit code says that no other did."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from perf.exit_codes import ExitCode
from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import WITH_CACHE, RunLadder, options_for, run_ladder_in

Options = tuple[str, ...]

QUICK = ("--rounds", "3", "--budget", "0", "--fresh", "0", "--variant", "openvino-static")
# With other kernels a slowdown is believed; one of this size is neither shown nor excluded by one session.
SLIGHTLY = {"SILLY_SLOWDOWN": "1.025", "SILLY_KERNEL": "ref:any"}


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a baseline of two rows and return the folder that holds it, the cache and the checkpoint."""
    folder = tmp_path_factory.mktemp("first")
    options = (*options_for(make_checkpoint(folder / "checkpoint")), *QUICK, "--baselines", str(folder / "baselines"))
    ran = run_ladder_in(folder, *options, "--update-baseline", "--why", "the first")
    assert ran.returncode == 0, ran.stdout
    return folder


@pytest.fixture
def options(first_run: Path, tmp_path: Path) -> Options:
    for name in ("baselines", "cache", "checkpoint"):
        shutil.copytree(first_run / name, tmp_path / name)
    return (*options_for(tmp_path / "checkpoint"), *QUICK, "--baselines", str(tmp_path / "baselines"))


def failures(junit: Path) -> dict[str, str]:
    """Return the message of each test that failed, by its name."""
    cases = ElementTree.parse(junit).iter("testcase")
    return {case.attrib["name"]: found.attrib["message"] for case in cases for found in case.iter("failure")}


def verdicts(ran: subprocess.CompletedProcess[str]) -> set[str]:
    return set(re.findall(r"^(?:eager-fp32|openvino-static|2 rows) +([a-z]+): ", ran.stdout, re.MULTILINE))


def test_undecided_rows_fail_with_an_exit_code_of_their_own(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    ran = run_ladder(*options, *WITH_CACHE, "--strict", "--junitxml", "junit.xml", **SLIGHTLY)
    assert (ran.returncode, verdicts(ran)) == (ExitCode.UNDECIDED, {"undecided"})
    failed = failures(tmp_path / "junit.xml")
    assert set(failed) == {"test_verdict[eager-fp32]", "test_verdict[openvino-static]"}
    for message in failed.values():
        assert re.search(r"^to decide it: +more fresh workers, up to --fresh 4, or --judge", message, re.MULTILINE)
        assert "measure again:" in message
    again = run_ladder(*options, *WITH_CACHE, "--require-all", "--last-failed", **SLIGHTLY)
    assert again.returncode == ExitCode.UNDECIDED
    assert "2 failed, 3 deselected" in again.stdout, "they are judged again, which measures them"


def test_disturbed_rows_are_as_undecided(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    ran = run_ladder(*options, "--require-all", "--junitxml", "junit.xml", SILLY_PRESSURE="6")
    assert (ran.returncode, verdicts(ran)) == (ExitCode.UNDECIDED, {"disturbed"})
    for message in failures(tmp_path / "junit.xml").values():
        assert re.search(r"^to decide it: +a calm machine; python -m perf machine --check", message, re.MULTILINE)
        assert "accept" not in message, "it would be refused"


def test_a_worker_that_dies_beside_them_is_a_failure(run_ladder: RunLadder, options: Options) -> None:
    dying = {"SILLY": "generate:exit", "SILLY_ROW": "openvino-static"}
    ran = run_ladder(*options, "--require-all", **SLIGHTLY, **dying)
    assert (ran.returncode, verdicts(ran)) == (ExitCode.FAILED, {"undecided"})
