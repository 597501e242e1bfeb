"""Rows compared with another as a user runs it, with silly workers: the verdicts, the refusals, and the exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from perf.host.stack import ROOT
from tests.builders.runs import HERE, LADDER_SUITE, PAIRS_SUITE, SILLY_PYTHON, run_suite_in

Ran = subprocess.CompletedProcess[str]
Compare = Callable[..., Ran]
STATIC, DYNAMIC = "openvino-static", "openvino-dynamic"


@pytest.fixture
def compare(tmp_path: Path, checkpoint: Path) -> Compare:
    """Compare the first row with the others."""

    def run(reference: str, *candidates: str, options: tuple[str, ...] = (), **environment: str) -> Ran:
        rows = ["--against", reference, *(f"--variant={name}" for name in candidates)]
        written = ("--json=pair.json", "--markdown=pair.md", "--junitxml=junit.xml", "--benchmark-json=bench.json")
        wanted = ("--model", str(checkpoint), "--stack", f"current={SILLY_PYTHON}", *rows, *written, *options)
        return run_suite_in(tmp_path, PAIRS_SUITE, *wanted, environment={"COLUMNS": "160"} | environment)

    return run


def compared(folder: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((folder / "pair.json").read_text())
    return whole


def test_each_row_is_compared_with_the_reference_and_slower_is_an_answer(compare: Compare, tmp_path: Path) -> None:
    ran = compare(STATIC, DYNAMIC, "eager-fp32", SILLY_SLOWDOWN="1.1", SILLY_SLOW_ROW=DYNAMIC)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = compared(tmp_path)
    assert found["reference"]["name"] == STATIC
    assert [row["name"] for row in found["candidates"]] == ["eager-fp32", DYNAMIC]
    assert found["stacks"].keys() == {"current"}
    assert {row["variant"]: row["verdict"] for row in found["results"]} == {
        "eager-fp32": "equivalent",
        DYNAMIC: "regressed",
    }
    assert f"reference: {STATIC} (stack current)" in ran.stdout
    assert "differs: dynamic_shapes: False -> True" in ran.stdout
    assert f"| {DYNAMIC} | regressed |" in (tmp_path / "pair.md").read_text()
    ids = [case.attrib["name"] for case in ElementTree.parse(tmp_path / "junit.xml").iter("testcase")]
    assert ids == ["test_pair[eager-fp32]", f"test_pair[{DYNAMIC}]"]
    for text in (ran.stdout, (tmp_path / "pair.md").read_text(), (tmp_path / "junit.xml").read_text()):
        assert "upgrade" not in text
        assert "two stacks" not in text


def test_a_row_beside_itself_is_equivalent(compare: Compare, tmp_path: Path) -> None:
    ran = compare(STATIC, STATIC)
    assert ran.returncode == 0
    (row,) = compared(tmp_path)["results"]
    assert (row["verdict"], row["differences"]) == ("equivalent", [])
    assert "reference 0" not in ran.stderr, "the same row has the same memory"


def test_a_part_that_one_row_lacks_counts_in_its_latency(compare: Compare, tmp_path: Path) -> None:
    ran = compare(STATIC, DYNAMIC, SILLY_UNCHECKED=DYNAMIC)
    (row,) = compared(tmp_path)["results"]
    assert row["latency"]["ratio"] == pytest.approx(1 - 0.125 / 11.875, abs=1e-4)
    assert "safety checker" not in row["others"]
    assert "differs: safety checker: one -> none" in ran.stdout


@pytest.mark.parametrize(("dying", "role"), [(DYNAMIC, "candidate"), (STATIC, "reference")])
def test_a_worker_that_dies_makes_the_row_invalid(compare: Compare, tmp_path: Path, dying: str, role: str) -> None:
    ran = compare(STATIC, DYNAMIC, SILLY="generate:exit", SILLY_ROW=dying)
    assert ran.returncode == 1
    (row,) = compared(tmp_path)["results"]
    assert (row["verdict"], row["pairs"]) == ("invalid", [])
    assert f"{dying}, {role}: worker" in row["says"]


def test_a_claim_of_the_reference_is_its_own(compare: Compare, tmp_path: Path) -> None:
    garbled = {"reply": "evidence", "path": ["state", "dynamic_shapes"], "value": True}
    ran = compare(DYNAMIC, STATIC, SILLY_GARBLE=json.dumps(garbled))
    assert ran.returncode == 1
    (row,) = compared(tmp_path)["results"]
    assert row["verdict"] == "invalid"
    assert [fault.partition(":")[0] for fault in row["faults"]] == ["candidate"], "the reference is to be dynamic"


def test_a_candidate_that_cannot_run_here_is_left_out_with_the_remedy(compare: Compare) -> None:
    ran = compare(STATIC, "ipex-bf16", options=("--stack", f"ipex={SILLY_PYTHON}"))
    assert ran.returncode == 1
    assert re.search(r"ipex-bf16: skipped: candidate: .*; to fix it: ", ran.stderr)
    assert "no row could be compared" in ran.stdout


def test_undecided_fails_only_where_all_is_required(compare: Compare) -> None:
    noisy = {"SILLY_JITTER": "0.1"}
    assert compare(STATIC, DYNAMIC, options=("--budget", "0"), **noisy).returncode == 0
    assert compare(STATIC, DYNAMIC, options=("--budget", "0", "--require-all"), **noisy).returncode == 2


def test_the_memory_of_both_rows_decides_whether_they_are_alive_together(compare: Compare, tmp_path: Path) -> None:
    ran = compare(STATIC, DYNAMIC, SILLY_PEAK=str(HERE.memory_bytes))
    assert "two workers do not fit in memory" in ran.stderr
    (row,) = compared(tmp_path)["results"]
    assert "whole sessions alternated" in ran.stdout
    assert (ran.returncode, row["verdict"]) == (0, "equivalent")


def test_a_comparison_of_rows_is_not_kept(compare: Compare, tmp_path: Path) -> None:
    database = tmp_path / "history.sqlite"
    ran = compare(STATIC, DYNAMIC, options=("--history", f"sqlite:///{database}"))
    assert (ran.returncode, database.exists()) == (0, False)
    read = subprocess.run(
        [sys.executable, "-m", "perf", "report", "bench.json", "--output", "page.html"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert read.returncode == 4
    assert read.stderr.startswith("error: bench.json is a comparison of rows, which is in no history")
    assert read.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("reference", "candidate", "options", "says"),
    [
        (STATIC, "openvino-static-dpm", (), "not make the same image as openvino-static (scheduler dpm-solver, not"),
        (STATIC, "openvino-statc", (), "did you mean openvino-static"),
        ("openvino-*", STATIC, (), "rows; give one"),
        (
            STATIC,
            DYNAMIC,
            ("--reference", str(SILLY_PYTHON), "--candidate", str(SILLY_PYTHON)),
            "leave out --reference and --candidate",
        ),
        (STATIC, DYNAMIC, ("--report", "page.html"), "a comparison of rows is on no page"),
        ("ipex-bf16", DYNAMIC, ("--stack", f"ipex={SILLY_PYTHON}"), "ERROR: ipex-bf16, reference: "),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line(
    compare: Compare, reference: str, candidate: str, options: tuple[str, ...], says: str
) -> None:
    ran = compare(reference, candidate, options=options)
    assert ran.returncode == 4, ran.stdout + ran.stderr
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ERROR: ")]
    assert says in line


def test_it_is_no_option_of_the_ladder(tmp_path: Path, checkpoint: Path) -> None:
    options = ("--model", str(checkpoint), "--stack", f"current={SILLY_PYTHON}", "--against", STATIC)
    ran = run_suite_in(tmp_path, LADDER_SUITE, *options, "--variant", DYNAMIC)
    assert ran.returncode == 1
    assert "--against belongs to perf/suite/test_pairs.py, not to the ladder" in ran.stdout


def test_the_command_takes_the_reference_first(checkpoint: Path, tmp_path: Path) -> None:
    silly = ("--stack", f"current={SILLY_PYTHON}", "--model", str(checkpoint), "--collect-only")
    ran = subprocess.run(
        [sys.executable, "-m", "perf", "pair", STATIC, DYNAMIC, "eager-fp32", *silly],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [line.rpartition("::")[2] for line in ran.stdout.splitlines() if "::" in line] == [
        "test_pair[eager-fp32]",
        f"test_pair[{DYNAMIC}]",
    ]
