"""The whole ladder with silly workers, which answer as each backend would: no row fails, and every claim holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perf.spec import ladder
from tests.builders.runs import SILLY_PYTHON, run_ladder_in

STACKS = [option for name in ladder.stacks() for option in ("--stack", f"{name}={SILLY_PYTHON}")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the JSON of a run of all rows, on a model with a small VAE and a latent consistency twin."""
    folder = tmp_path_factory.mktemp("ran")
    quick = ("--model", "tiny", "--rounds", "2", "--budget", "0", "--benchmark-json", "run.json")
    result = run_ladder_in(folder, *STACKS, *quick)
    assert result.returncode == 0, result.stdout + result.stderr
    run: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return run


@pytest.fixture(scope="module")
def rows(ran: dict[str, Any]) -> dict[str, Any]:
    """Return the record of each measured row, by its name."""
    records = [benchmark["extra_info"] for benchmark in ran["benchmarks"]]
    return {record["variant"]["name"]: record for record in records}


def test_a_row_is_measured_or_says_what_it_needs(ran: dict[str, Any], rows: dict[str, Any]) -> None:
    missing = ran["not_measured"]
    assert rows.keys() | missing.keys() == {variant.name for variant in ladder.LADDER}
    assert not rows.keys() & missing.keys()
    assert all(reason.startswith("skipped: ") for reason in missing.values()), missing


def test_every_claim_holds(rows: dict[str, Any]) -> None:
    for name, row in rows.items():
        assert [claim for claim in row["claims"] if not claim["holds"]] == [], name
        assert row["fidelity"]["psnr_db"] == 200, name


def test_a_row_of_few_steps_makes_no_more_of_them_to_warm_up(rows: dict[str, Any]) -> None:
    for name, row in rows.items():
        session = row["session"]
        steps = {rounds: {sample["steps"] for sample in session[rounds]} for rounds in ("warmups", "samples")}
        expected = {"warmups": {4}, "samples": {4}} if name.endswith("lcm-4") else {"warmups": {10}, "samples": {20}}
        assert steps == expected, name


def test_the_peak_of_8_bits_is_measured_with_the_rows_that_need_it(rows: dict[str, Any]) -> None:
    for name in rows.keys() & {"openvino-static", "openvino-int8-hybrid"}:
        peak = rows[name]["evidence"]["peak"]["int8_convolution_flop_per_s"]
        assert (peak is not None) == (name == "openvino-int8-hybrid")


def test_the_work_of_a_small_vae_is_not_that_of_the_checkpoints_own(rows: dict[str, Any]) -> None:
    for name, row in rows.items():
        assert ("vae_decode" in row["work"]) == (name != "openvino-static-taesd"), name
