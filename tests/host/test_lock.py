"""The locks that keep measurements apart: who holds them, and how they are let go."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from perf.errors import BadInput, MachineBusy
from perf.host import lock
from perf.host.stack import ROOT

HOLD = """
import sys, time
from perf.host import lock
with lock.hold(sys.argv[1]):
    print("held", flush=True)
    time.sleep(3600)
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a lock file of the test's own."""
    monkeypatch.setenv("PERF_LOCK", str(tmp_path / "lock"))
    return tmp_path / "lock"


def test_the_lock_names_its_holder() -> None:
    with (
        lock.hold("perf-test-names"),
        pytest.raises(MachineBusy, match=rf"measured by process {os.getpid()} \(.*python"),
        lock.hold("perf-test-names"),
    ):
        pytest.fail("the lock was given twice")


def test_the_lock_is_free_again_after_its_holder() -> None:
    with lock.hold("perf-test-again"):
        pass
    with lock.hold("perf-test-again"):
        pass


def test_waiting_ends_with_the_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RETRY_S", 0.01)
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    holder.bind("\0perf-test-waits")
    holder.listen()
    announced: list[str] = []

    def let_go(text: str) -> None:
        announced.append(text)
        holder.close()

    with lock.hold("perf-test-waits", wait_s=10, on_wait=let_go):
        assert announced[0].startswith(f"waiting up to 10 s for process {os.getpid()}")


def test_a_holder_that_does_not_listen_is_named_all_the_same() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind("\0perf-test-silent")
        with pytest.raises(MachineBusy, match=f"process {os.getpid()} "), lock.hold("perf-test-silent"):
            pytest.fail("the lock was given twice")


def test_a_holder_with_many_callers_keeps_its_name() -> None:
    """Each refused run waits in the queue of a socket that nobody accepts from; it holds 128 of them."""
    name = "perf-test-callers"
    with lock.hold(name):
        caller = lock.NameLock(name)
        holders = {caller.holder() for _ in range(200)}
        caller.release()
    assert len(holders) == 1
    assert holders.pop().startswith(f"process {os.getpid()} (")


def test_the_file_keeps_those_apart_that_do_not_see_each_others_names(file: Path) -> None:
    with lock.hold("perf-test-here"):
        with pytest.raises(MachineBusy) as caught, lock.hold("perf-test-in-another-container"):
            pytest.fail("the lock was given twice")
        assert f"process {os.getpid()} (" in str(caught.value)
        assert f"on {socket.gethostname()}, which has locked {file}" in str(caught.value)
    with lock.hold("perf-test-in-another-container"):
        pass


def test_a_killed_holder_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", HOLD, "perf-test-killed"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(MachineBusy, match=f"process {holder.pid} "), lock.hold("perf-test-killed"):
            pytest.fail("the lock was given twice")
        holder.kill()
    monkeypatch.setattr(lock, "RETRY_S", 0.05)
    with lock.hold("perf-test-killed", wait_s=10):
        pass


def test_another_file_is_not_written_over(file: Path) -> None:
    file.write_text("cheese")
    with pytest.raises(BadInput, match="is no lock of this suite"), lock.hold("perf-test-cheese"):
        pytest.fail("held")
    assert file.read_text() == "cheese"


@pytest.mark.parametrize("kept", ["", "pr", "process 12"])
def test_what_a_full_disk_has_kept_of_a_holder_is_written_over(file: Path, kept: str) -> None:
    file.write_text(kept)
    with lock.hold("perf-test-kept"):
        assert file.read_text().startswith(f"process {os.getpid()} (")


def test_where_no_file_can_be_made_the_name_alone_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_LOCK", "/proc/no/such/lock")
    with lock.hold("perf-test-no-file"):
        pass


def test_what_a_stranger_has_written_is_one_harmless_line(file: Path) -> None:
    with file.open("w") as stranger:
        stranger.write("::error::cheese\n\x1b[2J##[command]rm")
        stranger.flush()
        fcntl.flock(stranger, fcntl.LOCK_EX)
        with pytest.raises(MachineBusy) as caught, lock.hold("perf-test-stranger"):
            pytest.fail("the lock was given twice")
    assert "::error::cheese; # #[command]rm, which has locked" in str(caught.value)


def test_a_container_says_what_it_cannot_exclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mark").touch()
    monkeypatch.setattr(lock, "CONTAINER_MARKS", (tmp_path / "mark",))
    assert f"does not share {tmp_path} with its host" in str(lock.blind_spot())
    (tmp_path / "mark").unlink()
    assert lock.blind_spot() is None
