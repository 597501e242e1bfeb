"""Throughput as a user measures it, with silly workers: the table, a baseline's life, pairs, and what goes wrong."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders.gate_runs import Options, baseline_file, recorded, said_verdict
from tests.builders.processes import is_running, read_pid, wait_for
from tests.builders.runs import (
    ALLOW_INTERRUPTS,
    HERE,
    PAIRS_SUITE,
    SILLY_PYTHON,
    RunLadder,
    ladder_command,
    run_suite_in,
    silly_surroundings,
)

pytestmark = pytest.mark.skipif(HERE.usable_cores % 2 == 1, reason="two instances need an even number of cores")

TWO = ("--instances", "2")
HALF = {"SILLY_THREADS": str(HERE.usable_cores // 2)}
IMAGE_S = 0.25 + 21 * 0.5 + 1.0 + 0.125 + 0.0625  # of a silly worker


def record_of(folder: Path, test: str = "test_latency") -> dict[str, Any]:
    data = json.loads((folder / "run.json").read_text())
    (row,) = [row for row in data["benchmarks"] if row["name"].startswith(test)]
    return dict(row)


def test_two_instances_make_twice_the_images_and_are_shown_one_by_one(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    ran = run_ladder(*options, *TWO, "--batch", "3", "--benchmark-json", "run.json", "--markdown", "t.md", **HALF)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    per_minute = 60 * 2 * 3 / IMAGE_S
    lines = [line.split() for line in ran.stdout.splitlines() if line.startswith(("eager-fp32  ", "  CPUs"))]
    assert lines[0][:2] == ["eager-fp32", f"{per_minute:.2f}"]
    assert [(line[0], line[2]) for line in lines[1:3]] == [("CPUs", f"{per_minute / 2:.2f}")] * 2
    assert "2 instances of " in ran.stdout
    assert "batch 3" in ran.stdout
    assert f"| eager-fp32 | {per_minute:.2f} |" in (tmp_path / "t.md").read_text()
    assert f"{per_minute:.3g} images/min, median of 3 windows" in ran.stderr


def test_the_record_says_what_each_instance_did_and_what_an_image_took_them_together(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    run_ladder(*options, *TWO, "--benchmark-json", "run.json", **HALF)
    row = record_of(tmp_path)
    session, protocol = row["extra_info"]["session"], row["extra_info"]["protocol"]
    cpus = [instance["cpus"] for instance in session["instances"]]
    assert len(set(cpus)) == 2
    assert [instance["latencies_s"] for instance in session["instances"]] == [[IMAGE_S] * 6] * 2
    assert [sample["latency_s"] for sample in session["samples"]] == [IMAGE_S / 2] * 3
    assert protocol["instances"] == [HERE.usable_cores // 2] * 2
    assert row["stats"]["median"] == pytest.approx(IMAGE_S / 2, rel=0.05), "pytest-benchmark counts the same"


def test_the_life_of_a_baseline_of_throughput(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    first = run_ladder(*recorded((*options, *TWO), "the first"), **HALF)
    assert first.returncode == 0, first.stdout + first.stderr
    path = baseline_file(tmp_path)
    assert "-2x1-" in path.name
    launch = json.loads(path.read_text())["rows"]["eager-fp32"]["launch"]
    assert launch["prefix"][:2] == ["numactl", "-C"]

    assert said_verdict(run_ladder(*options, *TWO, **HALF)) == "unchanged"
    slower = run_ladder(*options, *TWO, SILLY_SLOWDOWN="1.1", SILLY_KERNEL="ref:any", **HALF)
    assert (slower.returncode, said_verdict(slower)) == (1, "regressed")
    assert "--instances 2" in slower.stdout, "the command that measures it again"
    for other in ((), ("--batch", "2"), ("--instances", "1")):
        ran = run_ladder(*options, *other, SILLY_THREADS=str(HERE.usable_cores))
        assert said_verdict(ran) == "no baseline", "another question has other answers"


def test_two_stacks_are_compared_in_pairs_of_groups(checkpoint: Path, tmp_path: Path) -> None:
    ran = run_suite_in(
        tmp_path, PAIRS_SUITE, "--model", str(checkpoint), "--variant=openvino-static", "--variant=genai-static", *TWO,
        f"--reference={SILLY_PYTHON}", f"--candidate={SILLY_PYTHON}", "--json=p.json",
        environment={**HALF, "SILLY_SLOWDOWN": "1.1", "SILLY_SLOW_ROW": "openvino-static", "SILLY_FOLDER": "none"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    results = {row["variant"]: row for row in json.loads((tmp_path / "p.json").read_text())["results"]}
    assert {name: row["verdict"] for name, row in results.items()} == dict.fromkeys(results, "equivalent")
    assert {row.get("why_apart") for row in results.values()} == {None}, "both groups are alive, GenAI's too"
    pair = results["openvino-static"]["pairs"][0]
    assert pair["reference"]["latency_s"] == pair["candidate"]["latency_s"] == pytest.approx(12.9875 / 2)


def test_a_slower_stack_of_groups_is_found(checkpoint: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow_python"
    slow.write_text(f'#!/bin/sh\nSILLY_SLOWDOWN=1.1 exec {SILLY_PYTHON} "$@"\n')
    slow.chmod(0o755)
    ran = run_suite_in(
        tmp_path, PAIRS_SUITE, "--model", str(checkpoint), "--variant=openvino-static", *TWO,
        f"--reference={SILLY_PYTHON}", f"--candidate={slow}", environment=HALF,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "openvino-static: regressed: +8." in ran.stdout


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--instances", "3000"), "do not divide into 3000; possible are 1, 2"),
        (("--instances", "some"), "--instances 'some': give a number, per-socket or per-numa"),
        (("--batch", "0"), "--batch 0: must be 1 to 64 images"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    run_ladder: RunLadder, options: Options, asked: Options, message: str
) -> None:
    ran = run_ladder(*options, *asked)
    assert ran.returncode == 4
    assert message in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("moment", ["hello", "load", "generate", "evidence"])
def test_an_instance_that_dies_is_named_and_the_other_rows_go_on(
    run_ladder: RunLadder, silly_options: Options, moment: str
) -> None:
    rows = ("--variant=openvino-static", "--rounds=2")
    died = {"SILLY": f"{moment}:exit", "SILLY_FOLDER": "instance-2"}
    knows_its_row = moment in {"generate", "evidence"}
    if knows_its_row:
        died["SILLY_ROW"] = "eager-fp32"
    ran = run_ladder(*silly_options, *rows, *TWO, **HALF, **died)
    assert ran.returncode == 1
    assert "eager-fp32: instance 2 of 2: worker " in ran.stdout
    assert "out of cheese" in ran.stdout, "its last words"
    assert ("openvino-static  no baseline" in ran.stdout) == knows_its_row


def test_an_instance_that_does_not_run_as_claimed_makes_the_row_invalid(
    run_ladder: RunLadder, options: Options
) -> None:
    change = {"reply": "evidence", "path": ["state", "threads"], "value": 99}
    ran = run_ladder(*options, *TWO, SILLY_GARBLE=json.dumps(change), SILLY_GARBLE_FOLDER="instance-2", **HALF)
    assert (ran.returncode, said_verdict(ran)) == (1, "invalid")
    assert "threads: instance 2: 99, expected" in ran.stdout


def test_ctrl_c_ends_a_window_and_all_of_its_workers(silly_options: Options, tmp_path: Path) -> None:
    environment = silly_surroundings(tmp_path) | HALF
    environment |= {"SILLY": "generate:hang-with-child", "SILLY_FOLDER": "instance-2"}
    command = [*ALLOW_INTERRUPTS, *ladder_command(*silly_options, *TWO, "--rounds", "2")]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as run:
        try:
            (child,) = wait_for(lambda: [*tmp_path.glob("sd-xeon-perf-*/eager-fp32-1/instance-2/child.pid")])
            pids = [read_pid(path) for path in (child, *child.parent.parent.glob("*/worker.pid"))]
            run.send_signal(signal.SIGINT)
            output, _ = run.communicate(timeout=30)
        finally:
            run.kill()
    assert run.returncode == 2
    assert "KeyboardInterrupt" in output
    assert len(pids) == 3
    for pid in pids:
        wait_for(lambda pid=pid: not is_running(pid))  # type: ignore[misc]
