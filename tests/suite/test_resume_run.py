"""A ladder that is cut goes on: with the same rows and verdicts as one that was not."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.builders.processes import wait_for
from tests.builders.runs import RunLadder, ladder_command, run_ladder_in, silly_surroundings

Options = tuple[str, ...]
ROWS = ("eager-fp32", "openvino-dynamic", "openvino-static")
QUICK = ("--rounds", "3", "--budget", "0", "--fresh", "0")
KILLS = int(os.environ.get("KILLS", "3"))


@pytest.fixture
def options(silly_options: Options, tmp_path: Path) -> Options:
    rows = [option for row in ROWS[1:] for option in ("--variant", row)]
    return (*silly_options, *rows, *QUICK, "--baselines", str(tmp_path / "baselines"))


def results(path: Path) -> dict[str, Any]:
    """Return of each row of a recorded run what was measured, and the verdict's kind."""
    benchmarks = json.loads(path.read_text())["benchmarks"]
    return {
        record["variant"]["name"]: (
            [sample["latency_s"] for sample in record["session"]["samples"]],
            record["verdict"]["kind"],
            record["claims"],
            record["fidelity"],
        )
        for record in (benchmark["extra_info"] for benchmark in benchmarks)
    }


def kill_in_the_middle(options: Options, folder: Path, delay_s: float) -> None:
    """Start a ladder, and kill it so long after its first row was begun."""
    log = folder / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            ladder_command(*options), env=silly_surroundings(folder), cwd=folder, stdout=stream, stderr=stream
        ) as run,
    ):
        wait_for(lambda: "loaded" in log.read_text() or run.poll() is not None)
        time.sleep(delay_s)
        run.send_signal(signal.SIGKILL)


def test_a_ladder_that_is_killed_ends_as_one_that_is_not(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    whole, resumed = tmp_path / "whole.json", tmp_path / "resumed.json"
    assert run_ladder(*options, "--benchmark-json", str(whole)).returncode == 0
    moments = random.Random(20261128)
    for _ in range(KILLS):
        kill_in_the_middle((*options, "--resume"), tmp_path, moments.uniform(0, 1))
    ran = run_ladder(*options, "--resume", "--benchmark-json", str(resumed))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert results(resumed) == results(whole)
    assert not [*(tmp_path / "cache" / "unfinished").glob("*/row.msgpack")], "a whole run keeps nothing"


def test_the_finished_rows_are_taken_and_the_others_measured(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    cut = run_ladder_in(tmp_path, *options, SILLY="generate:kill-parent", SILLY_ROW=ROWS[1])
    assert cut.returncode == -signal.SIGKILL
    plain = run_ladder("--collect-only", *options)
    assert plain.returncode == 0
    ran = run_ladder(*options, "--resume")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(rf"^resumed from the run that was cut: {ROWS[0]}, measured until 2", ran.stderr, re.MULTILINE)
    assert f"{ROWS[0]}: measured by 2" in ran.stderr
    assert f"{ROWS[0]} (1/3): loaded" not in ran.stderr
    assert f"{ROWS[1]} (2/3): loaded" in ran.stderr
    for row in ROWS:
        assert re.search(rf"^{row} +\d", ran.stdout, re.MULTILINE), ran.stdout


def test_pairs_that_were_finished_are_taken_too(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    whole, resumed = tmp_path / "whole.json", tmp_path / "resumed.json"
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    upgraded: dict[str, Any] = {"SILLY_VERSION": "0.1+silly"}
    run_ladder_in(tmp_path, *options, **upgraded, SILLY="generate:kill-parent", SILLY_ROW=ROWS[1])
    ran = run_ladder(*options, "--resume", "--benchmark-json", str(resumed), **upgraded)
    assert f"{ROWS[0]}: measured by 2" in ran.stderr
    assert f"{ROWS[0]} (1/3) candidate 1: loaded" not in ran.stderr
    assert f"{ROWS[1]} (2/3) candidate 1: loaded" in ran.stderr
    assert run_ladder(*options, "--benchmark-json", str(whole), **upgraded).returncode == ran.returncode == 0
    assert results(resumed) == results(whole)
    assert "in pairs with the anchor" in ran.stdout


def test_what_is_kept_is_said_and_not_taken_unasked(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    run_ladder_in(tmp_path, *options, SILLY="generate:kill-parent", SILLY_ROW=ROWS[1])
    ran = run_ladder(*options)
    assert ran.returncode == 0
    assert f"kept of a run that was cut: {ROWS[0]}, measured until " in ran.stderr
    assert "--resume would go on with that" in ran.stderr
    assert f"{ROWS[0]} (1/3): loaded" in ran.stderr


@pytest.mark.parametrize("changed", [("--steps", "7"), ("--rounds", "4"), ("--seed", "1")], ids=" ".join)
def test_a_row_that_would_be_measured_otherwise_is_not_taken(
    run_ladder: RunLadder, options: Options, tmp_path: Path, changed: Options
) -> None:
    run_ladder_in(tmp_path, *options, SILLY="generate:kill-parent", SILLY_ROW=ROWS[1])
    ran = run_ladder(*options, *changed, "--resume")
    assert ran.returncode == 0
    assert "run that was cut" not in ran.stderr


def test_a_row_that_cannot_be_kept_is_measured_and_judged_all_the_same(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "unfinished").touch()
    ran = run_ladder(*options)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{ROWS[0]}: not kept for --resume: " in ran.stderr


@pytest.mark.parametrize("content", [b"", b"cheese", b"\x80"], ids=["empty", "garbage", "lacking"])
def test_a_damaged_row_is_measured_again(
    run_ladder: RunLadder, options: Options, tmp_path: Path, content: bytes
) -> None:
    run_ladder_in(tmp_path, *options, SILLY="generate:kill-parent", SILLY_ROW=ROWS[1])
    (kept,) = (tmp_path / "cache" / "unfinished").glob("*/row.msgpack")
    kept.write_bytes(content)
    ran = run_ladder(*options, "--resume")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{ROWS[0]} (1/3): loaded" in ran.stderr
