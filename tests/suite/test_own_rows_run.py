"""Rows of one's own in whole runs: measured, judged and reported as the suite's own, and what is wrong with them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import PAIRS_SUITE, SILLY_PYTHON, RunLadder, run_suite_in

BROUGHT = {"SILLY_BACKENDS": json.dumps({"cheese": "cheese-shop 1.0"})}
SETTINGS = f"""
model = "checkpoint"
rounds = 3
budget = 0
baselines = "baselines"
variants = ["eager-fp32", "of-*"]

[stacks]
current = "{SILLY_PYTHON}"
mine = "{SILLY_PYTHON}"

[[row]]
name = "of-ours"
like = "eager-fp32"
scheduler = "dpm-solver"
size = "16x16"

[[row]]
name = "of-a-package"
backend = "cheese"
stack = "mine"
precision = "fp32"

[tolerance]
"of-*" = {{latency = 20}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    make_checkpoint(tmp_path / "checkpoint")
    path = tmp_path / "perf.toml"
    path.write_text(SETTINGS)
    return path


def records(path: Path) -> dict[str, dict[str, Any]]:
    """Return row name -> its record in a run's JSON."""
    kept = [benchmark["extra_info"] for benchmark in json.loads(path.read_text())["benchmarks"]]
    return {record["variant"]["name"]: record for record in kept if "variant" in record}


def verdict_in(junit: Path, row: str) -> dict[str, str]:
    elements = ElementTree.parse(junit).iterfind(f".//testcase[@name='test_verdict[{row}]']/properties/property")
    return {element.get("name", ""): element.get("value", "") for element in elements}


@pytest.mark.usefixtures("settings")
def test_they_are_measured_judged_and_reported(run_ladder: RunLadder, tmp_path: Path) -> None:
    """The tolerance is the file's: 12 % more in the UNet's steps fail the suite's row alone."""
    first = run_ladder("--update-baseline", "--why", "first", "--sessions", "4", **BROUGHT)
    assert first.returncode == 0, first.stdout + first.stderr
    outputs = ("--benchmark-json", "run.json", "--junitxml", "junit.xml", "--markdown", "ladder.md")
    slower = run_ladder(*outputs, SILLY_SLOWDOWN="1.12", **BROUGHT)
    assert slower.returncode == 1, slower.stdout + slower.stderr
    kinds = {name: record["verdict"]["kind"] for name, record in records(tmp_path / "run.json").items()}
    assert list(kinds) == ["eager-fp32", "of-ours", "of-a-package"]
    assert kinds["eager-fp32"] != "unchanged"
    assert kinds["of-ours"] == kinds["of-a-package"] == "unchanged"
    assert verdict_in(tmp_path / "junit.xml", "of-a-package")["verdict"] == "unchanged"
    assert "| of-a-package |" in (tmp_path / "ladder.md").read_text()
    assert "cheese-shop 1.0" in slower.stdout
    specification = records(tmp_path / "run.json")["of-ours"]["variant"]
    assert (specification["size"], specification["scheduler"]) == ("16x16", "dpm-solver")


@pytest.mark.usefixtures("settings")
def test_a_claim_of_the_package_makes_its_row_invalid(run_ladder: RunLadder, tmp_path: Path) -> None:
    claims = json.dumps([{"name": "ripe", "holds": False, "sentence": "the cheese is green\n::error::"}])
    options = ("--variant", "of-a-package", "--junitxml", "junit.xml", "--benchmark-json", "run.json")
    ran = run_ladder(*options, SILLY_CLAIMS=claims, **BROUGHT)
    assert ran.returncode == 1
    properties = verdict_in(tmp_path / "junit.xml", "of-a-package")
    assert properties["verdict"] == "invalid"
    assert properties["says"].startswith("ripe: the cheese is green; ::error::; the row did not run as it claims")
    (record,) = records(tmp_path / "run.json").values()
    assert {"name": "ripe", "holds": False, "says": "the cheese is green; ::error::"} in record["claims"]


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("moment", ["load", "generate", "evidence"])
@pytest.mark.parametrize("update", [(), ("--update-baseline", "--why", "first", "--sessions", "1")])
def test_a_broken_contract_is_an_invalid_row_and_the_rest_go_on(
    run_ladder: RunLadder, tmp_path: Path, moment: str, update: tuple[str, ...]
) -> None:
    broken = {"SILLY": f"{moment}:break", "SILLY_ROW": "of-a-package"}
    outputs = ("--benchmark-json", "run.json", "--junitxml", "junit.xml")
    ran = run_ladder(*outputs, *update, **broken, **BROUGHT)
    said = "backend 'cheese' of cheese-shop 1.0 in stack mine: build() returned a dict"
    assert ran.returncode == 1
    assert f"of-a-package: invalid: {said}" in ran.stdout
    properties = verdict_in(tmp_path / "junit.xml", "of-a-package")
    assert (properties["verdict"], properties["says"]) == ("invalid", said)
    whole = json.loads((tmp_path / "run.json").read_text())
    assert whole["not_measured"] == {"of-a-package": f"invalid: {said}"}
    assert {"eager-fp32", "of-ours"} <= records(tmp_path / "run.json").keys()
    if not update:
        assert re.search(rf"^of-a-package +invalid: {re.escape(said)}$", ran.stdout, re.MULTILINE)


@pytest.mark.usefixtures("settings")
def test_a_verdict_asked_for_alone_is_invalid_too(run_ladder: RunLadder) -> None:
    broken = {"SILLY": "load:break", "SILLY_ROW": "of-a-package"}
    ran = run_ladder("-k", "test_verdict and of-a-package", **broken, **BROUGHT)
    assert ran.returncode == 1
    assert "of-a-package: invalid: backend 'cheese' of cheese-shop 1.0" in ran.stdout


@pytest.mark.usefixtures("settings")
def test_a_stack_without_the_package_skips_its_row_and_names_the_group(run_ladder: RunLadder) -> None:
    ran = run_ladder("--variant", "of-*")
    assert ran.returncode == 0, ran.stdout
    assert (
        "of-a-package: skipped: stack mine has no package that brings backend 'cheese' (entry point group "
        f"sd_xeon_perf.backends); to fix it: {SILLY_PYTHON} -m pip install the package" in ran.stderr
    )


def test_a_backend_that_is_nearly_one_is_a_slip_of_the_pen(run_ladder: RunLadder, settings: Path) -> None:
    settings.write_text(SETTINGS.replace('backend = "cheese"', 'backend = "opnvino"'))
    ran = run_ladder(**BROUGHT)
    assert ran.returncode == 4
    assert "unknown backend of of-a-package 'opnvino'; did you mean openvino" in ran.stderr


def test_a_stack_that_is_not_there_skips_its_row(run_ladder: RunLadder, settings: Path) -> None:
    settings.write_text(SETTINGS.replace(f'mine = "{SILLY_PYTHON}"', 'mine = "nowhere/python"'))
    ran = run_ladder("--variant", "of-*", **BROUGHT)
    assert ran.returncode == 0, ran.stdout
    assert "of-a-package: skipped: stack mine is not installed; to fix it: name its interpreter: " in ran.stdout
    given = run_ladder("--variant", "of-a-package", "--stack", f"mine={SILLY_PYTHON}", **BROUGHT)
    assert "of-a-package  no baseline: " in given.stdout, given.stdout + given.stderr


@pytest.mark.usefixtures("settings")
def test_they_are_compared_in_turns_and_a_claim_of_the_package_counts(tmp_path: Path) -> None:
    rows = ("--against", "eager-fp32", "--variant", "of-a-package")
    outputs = ("--json", "pair.json", "--junitxml", "junit.xml")
    for holds, verdict in ((True, "equivalent"), (False, "invalid")):
        claims = json.dumps([{"name": "ripe", "holds": holds, "sentence": "green"}])
        # The silly worker would send the claim for either row.
        environment = {**BROUGHT, "SILLY_CLAIMS": claims}
        ran = run_suite_in(tmp_path, PAIRS_SUITE, *rows, *outputs, environment=environment)
        (result,) = json.loads((tmp_path / "pair.json").read_text())["results"]
        assert (result["variant"], result["verdict"]) == ("of-a-package", verdict), ran.stdout + ran.stderr
        assert ("candidate: ripe: green" in result["says"]) != holds
