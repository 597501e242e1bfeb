"""Known regressions as a user meets them: within, beyond, past their date, not needed, and a file that is wrong."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import options_for, run_ladder_in

SLOWER = {"SILLY_SLOWDOWN": "1.1", "SILLY_KERNEL": "ref:any"}  # latency +8.8 %, UNet step +10 %
LINK = "https://example.org/123"
UPDATE = ("--update-baseline", "--why", "the first")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a baseline, which no other run changes."""
    folder = tmp_path_factory.mktemp("known")
    make_checkpoint(folder / "checkpoint")
    assert run(folder, *UPDATE, "--sessions", "5").returncode == 0
    return folder


def run(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    gate = ("--rounds", "3", "--budget", "0", "--fresh", "0", "--baselines", str(folder / "baselines"))
    given = (*options_for(folder / "checkpoint"), *gate, *options)
    return run_ladder_in(folder, *given, timeout_s=120, **environment)


def write(folder: Path, up_to: float = 12, until: str = "9999-12-31", row: str = "eager-*") -> Path:
    path = folder / "baselines" / "known.toml"
    path.write_text(f'[[known]]\nrow = "{row}"\nup_to = {up_to}\nwhy = "{LINK}"\nuntil = {until}\n')
    return path


def test_within_what_is_known_a_row_passes_and_says_why(folder: Path) -> None:
    path = write(folder)
    ran = run(folder, "--junitxml", "junit.xml", "--benchmark-json", "run.json", **SLOWER)
    assert ran.returncode == 0, ran.stdout
    assert f"; known up to +12.0 % until 9999-12-31: {LINK}" in ran.stdout
    assert "eager-fp32  known: latency +8." in ran.stdout
    assert str(path) not in ran.stdout, "nothing is wrong with the entry"
    (benchmark,) = json.loads((folder / "run.json").read_text())["benchmarks"]
    assert benchmark["extra_info"]["verdict"]["kind"] == "known"
    properties = ElementTree.parse(folder / "junit.xml").iterfind(".//testcase/properties/property[@name='verdict']")
    assert [element.get("value") for element in properties] == ["known"]


def test_beyond_what_is_known_a_row_fails_and_says_both(folder: Path) -> None:
    write(folder, up_to=4)
    ran = run(folder, **SLOWER)
    assert ran.returncode == 1
    assert re.search(rf"latency.* known up to \+4\.0 % until 9999-12-31, now \+8\.8 %.*: {LINK}", ran.stdout)


def test_past_its_date_an_entry_says_so_and_the_row_fails(folder: Path) -> None:
    path = write(folder, until="2026-01-01")
    ran = run(folder, **SLOWER)
    assert ran.returncode == 1
    assert re.search(r"latency.* known until 2026-01-01, which is past, now \+8\.8 %", ran.stdout)
    assert f"{path}: eager-*, latency: was known until 2026-01-01, which is past" in ran.stdout


def test_an_entry_that_nothing_needs_is_named(folder: Path) -> None:
    path = write(folder)
    ran = run(folder, "--fresh", "4")  # until it is sure that nothing is slower
    assert ran.returncode == 0
    assert f"{path}: eager-*, latency: not needed any more, eager-fp32 has not regressed in it" in ran.stdout


def test_an_entry_of_no_row_is_refused_before_anything_is_measured(folder: Path) -> None:
    path = write(folder, row="eagre-fp32")
    ran = run(folder, **SLOWER)
    assert ran.returncode == 4
    assert f"ERROR: {path}: entry 1: unknown variant 'eagre-fp32'; did you mean eager-fp32" in ran.stderr
    assert "round 1" not in ran.stderr


def test_a_known_regression_can_be_recorded_as_the_baseline(folder: Path, tmp_path: Path) -> None:
    write(folder)
    path = tmp_path / "baselines"
    first, second = (run(folder, "--baselines", str(path), *UPDATE, **slow) for slow in ({}, SLOWER))
    assert (first.returncode, second.returncode) == (0, 0)
    assert "now 1 in" in second.stderr, "it takes the place of what it is slower than"
