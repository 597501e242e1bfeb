"""A recorded run accepted without measuring again: the command that a failing row offers, and what follows."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from perf.exit_codes import ExitCode
from tests.builders.runs import RunLadder, silly_surroundings

Options = tuple[str, ...]
Ran = subprocess.CompletedProcess[str]

SLOWER = {"SILLY_SLOWDOWN": "1.1", "SILLY_KERNEL": "ref:any"}  # the same packages, but other kernels: it is believed
STORAGE = ("--benchmark-storage", "results", "--benchmark-save", "ladder")


@pytest.fixture
def options(silly_options: Options, tmp_path: Path) -> Options:
    folder = str(tmp_path / "baselines")
    return (*silly_options, "--rounds", "3", "--budget", "0", "--baselines", folder, *STORAGE)


def said_verdict(ran: Ran) -> str:
    match = re.search(r"^eager-fp32  ([a-z ]+): ", ran.stdout, re.MULTILINE)
    assert match, ran.stdout + ran.stderr
    return match[1]


def offered(ran: Ran) -> list[str]:
    """Return the words of the first command that the failing row offers to accept it with, from ``-m perf`` on."""
    match = re.search(r"accept as the new baseline: python (-m perf accept .*)", ran.stdout)
    assert match, ran.stdout
    return shlex.split(match[1])


def accept(folder: Path, words: list[str]) -> Ran:
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=folder, env=silly_surroundings(folder), capture_output=True, text=True, check=False, timeout=60
    )


def baseline_in(folder: Path) -> Path:
    (path,) = (folder / "baselines").rglob("*.json")
    return path


def test_a_regressed_run_is_accepted_from_its_json(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    regressed = run_ladder(*options, **SLOWER)
    assert (regressed.returncode, said_verdict(regressed)) == (1, "regressed")
    words = offered(regressed)
    recorded = tmp_path / words[3]
    assert recorded.is_file(), "the message names the file that the run was kept in"
    assert recorded.parent.parent == tmp_path / "results"
    assert recorded.name == "0002_ladder.json"

    accepted = accept(tmp_path, words)
    path = baseline_in(tmp_path)
    assert accepted.returncode == 0, accepted.stderr
    said = (
        rf"eager-fp32: (\d) sessions? recorded, now \1 in {re.escape(str(path))}; it sees \d.* % on another night.*\n"
    )
    assert re.fullmatch(said, accepted.stdout)
    row = json.loads(path.read_text())["rows"]["eager-fp32"]
    record = json.loads(recorded.read_text())["benchmarks"][0]["extra_info"]
    assert len(row["sessions"]) == 1 + len(record["fresh_sessions"]), "fresh sessions included, the old ones replaced"
    assert {kernel["implementation"] for kernel in row["evidence"]["kernels"]} == {"ref:any"}

    unchanged = run_ladder(*options, **SLOWER)
    assert (unchanged.returncode, said_verdict(unchanged)) == (0, "unchanged")
    before = path.read_bytes()
    again = accept(tmp_path, words)
    assert (again.returncode, again.stdout) == (ExitCode.BAD_INPUT, "")
    assert again.stderr == f"error: eager-fp32: not recorded: {path} has its sessions already\n"
    assert path.read_bytes() == before


def test_what_a_run_recorded_itself_is_not_accepted_again(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    (recorded,) = (tmp_path / "results").rglob("*_ladder.json")
    folder = str(tmp_path / "baselines")
    again = accept(
        tmp_path, ["-m", "perf", "accept", str(recorded), "--row", "eager-fp32", "--why", "no", "--baselines", folder]
    )
    assert again.returncode == ExitCode.BAD_INPUT
    assert "has its sessions already" in again.stderr


def test_a_first_run_becomes_the_baseline_of_its_machine(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    none = run_ladder(*options, "--require-all")
    assert (none.returncode, said_verdict(none)) == (1, "no baseline")
    assert accept(tmp_path, offered(none)).returncode == 0
    second = run_ladder(*options)
    assert said_verdict(second) == "unchanged", second.stdout
    other = run_ladder(*options, "--require-all", "--steps", "7")
    assert other.returncode == 1
    assert "accept as the new baseline: tox run -e perf" in other.stdout, "another protocol is measured for its first"


def test_a_row_that_is_not_what_it_claims_is_neither_offered_nor_accepted(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    invalid = run_ladder(*options, SILLY_THREADS="99")
    assert (invalid.returncode, said_verdict(invalid)) == (1, "invalid")
    assert "perf accept" not in invalid.stdout
    (recorded,) = (tmp_path / "results").rglob("*_ladder.json")
    words = ["-m", "perf", "accept", str(recorded), "--row", "eager-fp32", "--why", "no"]
    refused = accept(tmp_path, [*words, "--baselines", str(tmp_path / "baselines")])
    assert refused.returncode == ExitCode.BAD_INPUT
    assert "not recorded: threads: 99, expected " in refused.stderr
    assert not (tmp_path / "baselines").exists()


def test_the_message_names_the_json_that_is_written_where_there_is_no_storage(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    options = options[: -len(STORAGE)]
    ran = run_ladder(*options, "--require-all", "--benchmark-json", "some run.json")
    words = offered(ran)
    assert words[3] == "some run.json"
    assert accept(tmp_path, words).returncode == 0
    unkept = run_ladder(*options, "--baselines", str(tmp_path / "none"), "--require-all")
    assert "accept as the new baseline: tox run -e perf" in unkept.stdout
