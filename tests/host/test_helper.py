"""Helpers, and what they have started, end with whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perf.host import helper
from perf.host.stack import ROOT
from tests.builders.processes import is_running, read_pid, wait_for, with_environment
from tests.builders.runs import ALLOW_INTERRUPTS

# A child that leaves the session and the process group of its parent, and notes its number.
RUNAWAY = "setsid sh -c 'echo $$ > runaway.new; mv runaway.new runaway.pid; sleep 3600' &"
WORKING = f"{RUNAWAY} while ! test -e runaway.pid; do sleep 0.01; done; echo $$ > helper.pid; sleep 3600"
PARENT = """
import os, sys
from perf.host import helper
helper.run(["sh", "-c", sys.argv[1]], dict(os.environ))
"""
# Ends as soon as it has started the helper, and before it can do anything else.
ABRUPT_PARENT = """
import os, signal, subprocess, sys
from perf.host import helper
class Popen(subprocess.Popen):
    def __init__(self, command, **settings):
        super().__init__(command, **settings)
        if sys.argv[1] in command:
            os.kill(os.getpid(), signal.SIGKILL)
subprocess.Popen = Popen
helper.run(["sh", "-c", sys.argv[1]], dict(os.environ))
"""


def both_end(folder: Path) -> None:
    """Wait until the helper and its runaway child have ended."""
    pids = [read_pid(folder / f"{name}.pid") for name in ("helper", "runaway")]
    wait_for(lambda: not any(map(is_running, pids)))


def run(script: str, deadline_s: float | None = None) -> subprocess.CompletedProcess[str]:
    return helper.run(["sh", "-c", script], dict(os.environ), deadline_s)


def test_what_it_prints_and_how_it_ended() -> None:
    ended = run("echo out; echo err >&2; exit 3")
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "out\n", "err\n")


def test_it_has_nothing_to_read() -> None:
    assert run("read line || echo nothing").stdout == "nothing\n"


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert run(r"printf '\377cheese'").stdout == "\N{REPLACEMENT CHARACTER}cheese"


def test_a_deadline_ends_it_and_its_runaway_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        run(WORKING, deadline_s=2)
    both_end(tmp_path)


def test_its_end_ends_its_runaway_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(f"({RUNAWAY}) >/dev/null 2>&1; while ! test -e runaway.pid; do sleep 0.01; done")
    wait_for(lambda: not is_running(read_pid(tmp_path / "runaway.pid")))


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_outlives_the_parent(tmp_path: Path, death: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [*ALLOW_INTERRUPTS, sys.executable, "-c", PARENT, WORKING]
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as parent:
        read_pid(tmp_path / "helper.pid")
        parent.send_signal(death)
    both_end(tmp_path)


def test_nothing_outlives_a_parent_that_dies_right_after_the_start(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SILLY": str(tmp_path)}
    command = [sys.executable, "-c", ABRUPT_PARENT, WORKING]
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as parent:
        assert parent.wait() == -signal.SIGKILL
    wait_for(lambda: not with_environment(f"SILLY={tmp_path}"))
