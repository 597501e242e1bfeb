"""The suite as a user runs it, with silly workers: rounds, records, failures, skips, and a machine in use."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.builders.checkpoints import make_checkpoint
from tests.builders.disks import mounted
from tests.builders.processes import is_running, read_pid, wait_for
from tests.builders.runs import (
    ALLOW_INTERRUPTS,
    SILLY_PYTHON,
    RunLadder,
    ladder_command,
    options_for,
    run_ladder_in,
    silly_surroundings,
)

Options = tuple[str, ...]


def record(path: Path) -> dict[str, Any]:
    (benchmark,) = json.loads(path.read_text())["benchmarks"]
    return benchmark  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("options", "rounds"),
    [(("--rounds", "4"), 4), (("--rounds", "2"), 2), (("--rounds", "10", "--budget", "0"), 3), ((), 10)],
)
def test_rounds_and_budget(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path, options: Options, rounds: int
) -> None:
    result = run_ladder(*silly_options, *options, "--benchmark-json", "run.json")
    assert result.returncode == 0, result.stdout + result.stderr
    benchmark = record(tmp_path / "run.json")
    assert benchmark["stats"]["rounds"] == rounds
    assert len(benchmark["extra_info"]["session"]["samples"]) == rounds


def test_the_second_run_knows_from_the_first_how_long_it_takes(run_ladder: RunLadder, silly_options: Options) -> None:
    first, second, other = (run_ladder(*silly_options, "--rounds", rounds).stderr for rounds in ("3", "3", "2"))
    assert "1 row takes" not in first
    assert "1 row takes under a minute here, by the last run" in second
    assert "1 row takes" not in other, "another protocol"


def test_quick_measures_its_preset_but_for_what_is_given(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    result = run_ladder(*silly_options, "--quick", "--rounds", "2", "--benchmark-json", "run.json")
    assert result.returncode == 0, result.stdout + result.stderr
    protocol = record(tmp_path / "run.json")["extra_info"]["protocol"]
    wanted = {"size": "256x256", "steps": 10, "warmup_steps": 4, "rounds": 2, "budget_s": 40.0}
    assert {name: protocol[name] for name in wanted} == wanted


def test_help_shows_every_default(run_ladder: RunLadder) -> None:
    shown = " ".join(run_ladder("--help").stdout.split()).replace("- ", "-")  # argparse breaks names at their hyphens
    for text in (
        "generation (20; with --quick 10; synthetic-sd-turbo 1)",
        "warm-up (10; with --quick 4; synthetic-sd-turbo 1)",
        "variant (10; with --quick 3)",
    ):
        assert text in shown


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run in which nothing went wrong: run.json, out/ladder.md, stdout and stderr."""
    folder = tmp_path_factory.mktemp("ran")
    outputs = ("--benchmark-json", "run.json", "--markdown", "out/ladder.md")
    result = run_ladder_in(folder, *options_for(make_checkpoint(folder / "checkpoint")), "--rounds", "3", *outputs)
    (folder / "stdout").write_text(result.stdout)
    (folder / "stderr").write_text(result.stderr)
    return folder


def test_the_record_holds_all_of_it(folder: Path) -> None:
    info = record(folder / "run.json")["extra_info"]
    assert [sample["steps"] for sample in info["session"]["warmups"]] == [10]
    assert [sample["steps"] for sample in info["session"]["samples"]] == [20, 20, 20]
    assert info["variant"]["published_s"] == {"Ice Lake": 45.0, "Sapphire Rapids": 32.3}
    assert info["protocol"]["size"] == "128x128"
    assert info["stack"]["packages"]["torch"] == "0.0+silly"
    assert len(info["model"]["digest"]) == 64
    machine = json.loads((folder / "run.json").read_text())["machine_info"]["perf"]
    assert machine["cores"]


def test_a_log_says_in_plain_lines_what_happens(folder: Path) -> None:
    log = (folder / "stderr").read_text()
    assert "\x1b" not in log
    for line in (
        "eager-fp32 (1/1): loaded in 2 s",
        "eager-fp32 (1/1): 11.9 s/image, median of 3",
    ):
        assert line in log.splitlines()
    assert "round" not in log
    row = r"^eager-fp32 +11\.94 +11\.94\.\.11\.94 +3 +1\.00x +3\.0 +45 +32\.3$"
    assert re.search(row, (folder / "stdout").read_text(), re.MULTILINE)


def test_the_markdown_ladder(folder: Path) -> None:
    row = "| eager-fp32 | 11.94 | 11.94..11.94 | 3 | 1.00x | 3.0 | 45 | 32.3 |"
    assert row in (folder / "out" / "ladder.md").read_text()


@pytest.mark.parametrize(
    ("silly", "message"),
    [
        ("load:exit", "died during 'load': exit code 3"),
        ("generate:killed", "died during 'generate': signal SIGKILL"),
        ("generate:segfault", "Fatal Python error: Segmentation fault"),
        ("generate:error", "generate failed: ValueError: the cheese is out"),
        ("generate:half-sample", "broke the protocol during 'generate': 'sample': the entry is wrong: Object missing"),
        ("evidence:half-evidence", "broke the protocol during 'evidence': 'evidence': "),
        ("evidence:exit", "died during 'evidence': exit code 3"),
    ],
)
def test_a_failing_worker_fails_its_row_alone(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path, silly: str, message: str
) -> None:
    result = run_ladder(*silly_options, "--variant", "openvino-static", "--junitxml", "junit.xml", SILLY=silly)
    assert result.returncode == 1
    assert message in result.stdout
    assert "perf/measure/measurement.py" not in result.stdout, "a traceback of ours helps nobody"
    assert "During handling" not in result.stdout
    assert "eager-fp32: failed: eager-fp32" not in result.stdout
    cases = ElementTree.parse(tmp_path / "junit.xml").iter("testcase")
    failed = [case.attrib["name"] for case in cases for child in case if child.tag in {"failure", "error"}]
    rows = ("eager-fp32", "openvino-static")
    assert sorted(failed) == [f"test_{test}[{row}]" for test in ("latency", "verdict") for row in rows]


def test_a_hanging_worker_fails_at_its_deadline(run_ladder: RunLadder, silly_options: Options) -> None:
    result = run_ladder(*silly_options, "--generation-deadline", "1", "--warmup-deadline", "1", SILLY="generate:hang")
    assert result.returncode == 1
    assert "gave no answer to 'generate' in 1 s and was killed" in result.stdout


@contextlib.contextmanager
def running(log: Path, *options: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a ladder that prints into ``log``, and kill it if it has not ended."""
    surroundings = silly_surroundings(log.parent) | environment
    with (
        log.open("w") as stream,
        subprocess.Popen(
            ladder_command(*options), env=surroundings, cwd=log.parent, stdout=stream, stderr=stream
        ) as run,
    ):
        try:
            yield run
        finally:
            run.kill()


def test_a_second_run_names_the_first_or_waits_for_it(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    first_log, second_log, go = (tmp_path / name for name in ("first.log", "second.log", "go"))
    waiting = {"SILLY": "generate:wait", "SILLY_GO": str(go)}
    with running(first_log, *silly_options, **waiting) as first:
        wait_for(lambda: "loaded" in first_log.read_text())
        refused = run_ladder(*silly_options)
        with running(second_log, *silly_options, "--wait", "60", **waiting) as second:
            wait_for(lambda: f"waiting up to 60 s for process {first.pid}" in second_log.read_text())
            go.touch()
            assert [first.wait(timeout=60), second.wait(timeout=60)] == [0, 0]
    assert refused.returncode == 4
    assert f"ERROR: this machine is being measured by process {first.pid} (" in refused.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_measured_before_a_signal_is_shown_and_kept(
    silly_options: Options, tmp_path: Path, ending: signal.Signals
) -> None:
    two_rows = (*silly_options, "--variant", "openvino-static", "--rounds", "3", "--budget", "0")
    kept = tmp_path / "kept.json"
    environment = silly_surroundings(tmp_path) | {"SILLY": "generate:hang-with-child", "SILLY_ROW": "openvino-static"}
    with subprocess.Popen(
        [*ALLOW_INTERRUPTS, *ladder_command(*two_rows, "--benchmark-json", str(kept))],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        try:
            (child,) = wait_for(lambda: [*tmp_path.glob("sd-xeon-perf-*/openvino-static-1/child.pid")])
            pids = [read_pid(child), read_pid(child.with_name("worker.pid"))]
            run.send_signal(ending)
            output, _ = run.communicate(timeout=30)
        finally:
            run.kill()
    assert run.returncode == 2
    assert "KeyboardInterrupt" in output
    assert re.search(r"^eager-fp32 +\d+\.\d", output, re.MULTILINE), output
    assert [benchmark["name"] for benchmark in json.loads(kept.read_text())["benchmarks"]] == [
        "test_latency[eager-fp32]"
    ]
    for pid in pids:
        wait_for(lambda pid=pid: not is_running(pid))  # type: ignore[misc]


def copy_of_silly_python(folder: Path) -> Path:
    """Make an interpreter that fails, at a path of its own."""
    broken = folder / "broken-python"
    shutil.copy(SILLY_PYTHON, broken)
    broken.write_text("#!/bin/sh\nexit 7\n")
    return broken


MISTAKES: dict[Options, str] = {
    ("--variant", "openvino-statik"): "unknown variant 'openvino-statik'; did you mean openvino-static",
    ("--variant", "xyzzy"): "unknown variant 'xyzzy'; known: bf16-autocast",
    ("--model", "tinny"): "unknown model 'tinny'; did you mean tiny or",
    ("--model", "./nowhere"): "nowhere is not a diffusers checkpoint: no model_index.json in",
    ("--stack", "curent=/usr/bin/python3"): "unknown stack 'curent'; did you mean current?",
    ("--stack", "current"): "--stack 'current' is not of the form NAME=/path/to/python",
    ("--stack", "current=/no/such/python"): "/no/such/python is not an executable file",
    ("--size", "500x500"): "size 500x500: both sides must be positive multiples of 8",
    ("--size", "0"): "size 0x0: both sides must be positive multiples of 8",
    ("--size", "big"): "size 'big' is not of the form WIDTHxHEIGHT",
    ("--rounds", "0"): "--rounds 0: must be at least 1",
    ("--steps", "-3"): "--steps -3: must be at least 1",
    ("--warmup-steps", "0"): "--warmup-steps 0: must be at least 1",
    ("--budget", "nan"): "--budget nan: must be 0 or more seconds",
    ("--generation-deadline", "0"): "--generation-deadline 0: must be above 0 seconds",
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.items(), ids=[" ".join(options) for options in MISTAKES])
def test_a_mistake_is_one_line(run_ladder: RunLadder, tmp_path: Path, options: Options, message: str) -> None:
    ran = run_ladder(*options)
    assert ran.returncode == 4
    (line,) = [line for line in ran.stderr.splitlines() if line]
    assert line.startswith("ERROR: ")
    assert message in line
    assert not (tmp_path / "cache").exists()


def test_a_checkpoint_that_brings_its_own_code_is_refused_and_its_code_not_run(
    run_ladder: RunLadder, silly_options: Options, checkpoint: Path, tmp_path: Path
) -> None:
    """The folder that diffusers would run the code of: the library of a component is a module beside it."""
    (checkpoint / "unet" / "evil_unet.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')\n")
    index = json.loads((checkpoint / "model_index.json").read_text())
    (checkpoint / "model_index.json").write_text(json.dumps(index | {"unet": ["evil_unet", "Evil"]}))
    ran = run_ladder(*silly_options)
    assert ran.returncode == 4
    assert "unet is ['evil_unet', 'Evil'], code that is not loaded here" in ran.stderr
    assert not (tmp_path / "canary").exists()


def test_a_worker_that_prints_commands_does_not_command_the_runner(
    run_ladder: RunLadder, silly_options: Options
) -> None:
    ran = run_ladder(*silly_options, SILLY="generate:command", GITHUB_ACTIONS="true")
    assert ran.returncode == 1
    commands = [line for line in ran.stdout.splitlines() if line.lstrip().startswith("::")]
    assert commands, "the run's own annotations"
    assert all(command.startswith("::error title=") for command in commands)
    assert "| ::stop-commands::cheese" in ran.stdout


def test_an_interpreter_that_is_none(run_ladder: RunLadder, checkpoint: Path, tmp_path: Path) -> None:
    broken = copy_of_silly_python(tmp_path)
    result = run_ladder("--model", str(checkpoint), "--variant", "eager-fp32", "--stack", f"current={broken}")
    assert result.returncode == 4
    assert f"ERROR: stack current: {broken} is not a working Python interpreter" in result.stderr


def test_no_space_is_said_before_anything_is_made(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    with mounted(tmp_path / "small-disk", "size=1m") as small:
        result = run_ladder(*silly_options[2:], "--model", "synthetic-sd15", PERF_CACHE=str(small))
        assert [path.name for path in (small / "checkpoints").iterdir()] == ["synthetic-sd15-20230328.lock"]
    assert result.returncode == 4
    assert "ERROR: no space for synthetic-sd15-20230328: it needs 5.5 GB under" in result.stderr
