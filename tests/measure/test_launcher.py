"""Real worker processes that die, hang and lie, and the errors that the launcher raises for them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from perf.errors import WorkerDied, WorkerError, WorkerFailed, WorkerGarbled, WorkerTimeout
from perf.host.stack import ROOT
from perf.measure import launcher
from perf.measure.command import Command, Origin, for_variant
from perf.measure.replies import Ready
from perf.records.sample import Sample
from tests.builders.baselines import EAGER, STACK
from tests.builders.processes import is_running, read_pid, wait_for
from tests.builders.runs import DATA, HERE
from tests.builders.trees import tree

SOON_S = 30.0
FLOOD = "generate:progress-flood"
MAIN = "perf/worker/__main__.py"


def start(folder: Path, silly: str = "") -> launcher.WorkerProcess:
    environment = os.environ | {"SILLY": silly, "PYTHONPATH": str(ROOT)}
    return launcher.start(
        "silly", Command((sys.executable, str(DATA / "silly_worker.py")), environment), folder, SOON_S
    )


def load_and_generate(worker: launcher.WorkerProcess, deadline_s: float = SOON_S) -> Sample:
    worker.ask({"request": "load"}, Ready, deadline_s)
    return worker.ask({"request": "generate", "steps": 20}, Sample, deadline_s)


def test_a_worker_answers(tmp_path: Path) -> None:
    with start(tmp_path) as worker:
        assert load_and_generate(worker).steps == 20
        assert is_running(worker.pid)
    assert not is_running(worker.pid)


def test_what_it_prints_does_not_reach_the_wire(tmp_path: Path) -> None:
    with start(tmp_path, "generate:garbage") as worker:
        assert load_and_generate(worker).steps == 20
    assert "this is not for the wire" in (tmp_path / "worker.out").read_text(errors="replace")


def test_its_temporary_files_end_with_it(tmp_path: Path) -> None:
    with start(tmp_path, "generate:litter") as worker:
        load_and_generate(worker)
        assert list((tmp_path / "tmp").iterdir())
    assert not (tmp_path / "tmp").exists()


def test_progress_is_passed_on(tmp_path: Path) -> None:
    seen: list[int] = []
    with start(tmp_path, "generate:progress") as worker:
        worker.ask({"request": "generate", "steps": 3}, Sample, SOON_S, seen.append)
    assert seen == [1, 2, 3]


def test_a_worker_runs_the_code_that_it_is_started_from(tmp_path: Path) -> None:
    code = (
        "import json, os, sys\nprint(__file__, flush=True)\n"
        "os.write(int(sys.argv[2]), json.dumps({'reply': 'hello', 'version': 2}).encode() + b'\\n')\n"
        "sys.stdin.read()\n"
    )
    root = tree(tmp_path / "code", {"perf/__init__.py": "", "perf/worker/__init__.py": "", MAIN: code})
    stack = replace(STACK, python=sys.executable)
    with launcher.start("old", for_variant(EAGER, stack, HERE, Origin(code=root)), tmp_path, SOON_S):
        assert (tmp_path / "worker.out").read_text() == f"{root / MAIN}\n"


@pytest.mark.parametrize(
    ("silly", "error", "evidence"),
    [
        ("hello:old-wire", WorkerGarbled, "speaks version 0 of the wire, not 2: its code is not this tree's"),
        ("load:exit", WorkerDied, "died during 'load': exit code 3"),
        ("load:exit", WorkerDied, "out of cheese"),
        ("generate:exit", WorkerDied, "died during 'generate': exit code 3"),
        ("generate:segfault", WorkerDied, "signal SIGSEGV"),
        ("generate:killed", WorkerDied, "signal SIGKILL (the kernel's out-of-memory killer does this"),
        ("load:error", WorkerFailed, "load failed: ValueError: the cheese is out\n--- traceback in the worker\n| "),
        ("generate:not-json", WorkerGarbled, "not JSON: b'cheese'"),
        ("generate:no-reply-key", WorkerGarbled, "not a reply: '[1, 2]'"),
        ("generate:unknown-reply", WorkerGarbled, "a reply that does not exist: 'cheese'"),
        ("generate:other-reply", WorkerGarbled, "answered 'generate' with 'ready' instead of 'sample'"),
        (
            "generate:half-sample",
            WorkerGarbled,
            "'sample': the entry is wrong: Object missing required field `latency_s`",
        ),
        ("generate:nested", WorkerGarbled, "nested more than 40 deep"),
        ("generate:not-a-number", WorkerGarbled, "NaN is not a number"),
        ("generate:real-time-signal", WorkerDied, "died during 'generate': signal 40"),
        ("load:no-traceback", WorkerGarbled, "'error': "),
        ("generate:flood", WorkerGarbled, "a line of over 1048576 bytes"),
        ("hello:exit", WorkerDied, "died during 'start': exit code 3"),
    ],
)
def test_failures_carry_their_evidence(tmp_path: Path, silly: str, error: type[WorkerError], evidence: str) -> None:
    with pytest.raises(error) as caught, start(tmp_path, silly) as worker:
        load_and_generate(worker)
    assert evidence in str(caught.value)
    assert str(caught.value).startswith("silly: ")
    wait_for(lambda: not is_running(read_pid(tmp_path / "worker.pid")))


def test_a_report_names_command_and_log(tmp_path: Path) -> None:
    with pytest.raises(WorkerDied) as caught, start(tmp_path, "load:exit") as worker:
        load_and_generate(worker)
    assert "silly_worker.py" in str(caught.value)
    assert str(tmp_path / "worker.err") in str(caught.value)


def test_a_report_has_its_parts_apart(tmp_path: Path) -> None:
    with pytest.raises(WorkerDied) as caught, start(tmp_path, "load:exit") as worker:
        load_and_generate(worker)
    error = caught.value
    assert (error.variant, error.headline) == ("silly", f"worker {worker.pid} died during 'load': exit code 3")
    assert error.details.startswith("command: ")
    assert str(error) == f"{error.variant}: {error.headline}\n{error.details}"


@pytest.mark.parametrize("silly", ["generate:hang", "generate:close-pipe"])
def test_a_hang_ends_at_the_deadline(tmp_path: Path, silly: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "GRACE_S", 0.5)
    with pytest.raises((WorkerTimeout, WorkerDied)) as caught, start(tmp_path, silly) as worker:
        load_and_generate(worker, deadline_s=1.0)
    assert "gave no answer to 'generate' in 1 s" in str(caught.value) or "closed its pipe" in str(caught.value)
    assert not is_running(worker.pid)


def test_a_death_is_seen_though_a_child_holds_the_pipe(tmp_path: Path) -> None:
    with pytest.raises(WorkerDied, match="exit code 3"), start(tmp_path, "load:orphan") as worker:
        load_and_generate(worker)
    wait_for(lambda: not is_running(read_pid(tmp_path / "orphan.pid")))


def test_an_interrupt_ends_the_worker_and_its_children(tmp_path: Path) -> None:
    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), start(tmp_path, "generate:progress") as worker:
        worker.ask({"request": "generate", "steps": 3}, Sample, SOON_S, interrupt)
    assert not is_running(worker.pid)


@pytest.mark.parametrize("death", ["SIGKILL", "SIGTERM", "SIGSEGV"])
@pytest.mark.parametrize("kind", ["silly", "real"])
def test_nothing_outlives_the_parent(tmp_path: Path, kind: str, death: str) -> None:
    environment = os.environ | {"DEATH": death, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, str(DATA / "dying_parent.py"), str(tmp_path), kind]
    parent = subprocess.run(arguments, env=environment, timeout=60, check=False)
    assert parent.returncode < 0
    for name in ("worker", "child"):
        pid = read_pid(tmp_path / f"{name}.pid")
        wait_for(lambda pid=pid: not is_running(pid))  # type: ignore[misc]


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(WorkerDied, match=r"silly: /no/such/python could not be started"):
        launcher.start("silly", Command(("/no/such/python",), {}), tmp_path, SOON_S)
    assert sorted(Path("/proc/self/fd").iterdir()) == before, "no pipe is left open"


def test_a_flood_of_progress_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(WorkerTimeout, match="gave no answer to 'generate' in 1 s"), start(tmp_path, FLOOD) as worker:
        load_and_generate(worker, deadline_s=1.0)


def test_a_worker_that_does_not_read_is_given_up(tmp_path: Path) -> None:
    request = {"request": "load", "padding": "x" * (1 << 20)}
    with start(tmp_path, "hello:deaf") as worker, pytest.raises(WorkerTimeout, match="no answer to 'load' in 1 s"):
        worker.ask(request, Ready, 1.0)


def test_a_child_that_has_left_the_group_ends_with_its_worker(tmp_path: Path) -> None:
    with start(tmp_path, "load:runaway") as worker:
        worker.ask({"request": "load"}, Ready, SOON_S)
        assert is_running(read_pid(tmp_path / "runaway.pid"))
    wait_for(lambda: not is_running(read_pid(tmp_path / "runaway.pid")))


def test_of_much_output_the_end_is_shown(tmp_path: Path) -> None:
    with pytest.raises(WorkerDied) as caught, start(tmp_path, "generate:chatter") as worker:
        load_and_generate(worker)
    assert (tmp_path / "worker.out").stat().st_size > 50_000_000
    assert "| the last word" in caught.value.details
    assert len(caught.value.details) < 5000


@pytest.mark.parametrize("silly", ["generate:no-log", "generate:pipe-log"])
def test_a_log_that_is_gone_hides_no_death(tmp_path: Path, silly: str) -> None:
    with pytest.raises(WorkerDied, match="exit code 3") as caught, start(tmp_path, silly) as worker:
        load_and_generate(worker)
    assert "(cannot be read: " in caught.value.details


def test_what_a_worker_prints_commands_nobody(tmp_path: Path) -> None:
    with pytest.raises(WorkerDied) as caught, start(tmp_path, "generate:command") as worker:
        load_and_generate(worker)
    assert not [line for line in str(caught.value).splitlines() if line.lstrip().startswith("::")]
    assert "| ::stop-commands::cheese" in str(caught.value)


def test_a_sandbox_without_pidfd_measures_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int) -> int:
        raise PermissionError("seccomp")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    with start(tmp_path) as worker:
        assert load_and_generate(worker).steps == 20
    with pytest.raises(WorkerDied, match="exit code 3"), start(tmp_path, "load:exit") as worker:
        load_and_generate(worker)
