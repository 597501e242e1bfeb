"""Cores of one socket from recorded topologies, and the lock that keeps measurements apart."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from perf.errors import MachineBusy
from perf.host import lock
from perf.host.machine import this_machine
from perf.host.topology import flatten, leading_number, one_socket_cores

# CPU number -> (socket, core), as the kernel numbers them.
TOPOLOGIES = {
    "two sockets of two cores, siblings numbered last": {
        0: (0, 0), 1: (0, 1), 2: (1, 0), 3: (1, 1), 4: (0, 0), 5: (0, 1), 6: (1, 0), 7: (1, 1),
    },
    "two sockets, CPUs numbered in turn": {0: (0, 0), 1: (1, 0), 2: (0, 1), 3: (1, 1)},
    "a virtual machine, one core per socket": {0: (0, 0), 1: (1, 0)},
}  # fmt: skip


def recorded(folder: Path, topology: dict[int, tuple[int, int]]) -> Path:
    for cpu, (package, core) in topology.items():
        target = folder / f"cpu{cpu}" / "topology"
        target.mkdir(parents=True)
        (target / "physical_package_id").write_text(f"{package}\n")
        (target / "core_id").write_text(f"{core}\n")
    return folder


@pytest.mark.parametrize(
    ("name", "usable", "cores"),
    [
        ("two sockets of two cores, siblings numbered last", range(8), (0, 1)),
        ("two sockets of two cores, siblings numbered last", (2, 3, 6, 7), (2, 3)),
        ("two sockets of two cores, siblings numbered last", (4, 5, 6), (4, 5)),
        ("two sockets, CPUs numbered in turn", range(4), (0, 2)),
        ("a virtual machine, one core per socket", range(2), (0,)),
    ],
)
def test_one_thread_per_core_of_one_socket(tmp_path: Path, name: str, usable: range, cores: tuple[int, ...]) -> None:
    assert one_socket_cores(usable, recorded(tmp_path, TOPOLOGIES[name])) == cores


def test_this_machine_is_read() -> None:
    machine = this_machine()
    assert machine.vendor in {"GenuineIntel", "AuthenticAMD"}
    assert "sse2" in machine.flags
    assert set(machine.cores) <= os.sched_getaffinity(0)
    assert machine.memory_bytes > 2**30
    assert machine.cpu in str(machine)


def test_the_fingerprint_is_json_and_says_what_it_is() -> None:
    machine = this_machine()
    assert json.loads(json.dumps(machine.fingerprint)) == machine.fingerprint
    assert machine.fingerprint["codename"] == machine.codename.key
    assert machine.fingerprint["cores_used"] == len(machine.cores)
    assert set(machine.particulars) == {"cpu", "kernel", "microcode", "bios"}


def test_lscpu_nests_its_fields_or_does_not() -> None:
    flat: list[dict[str, Any]] = [
        {"field": "Socket(s):", "data": "2"},
        {"field": "L3 cache:", "data": "33554432 (1 instance)"},
    ]
    nested: list[dict[str, Any]] = [
        {"field": "Vendor ID:", "data": "x", "children": [{"field": "Socket(s):", "data": "2"}]},
        {
            "field": "Caches (sum of all):",
            "data": None,
            "children": [{"field": "L3:", "data": "33554432 (1 instance)"}],
        },
    ]
    assert dict(flatten(flat))["Socket(s)"] == dict(flatten(nested))["Socket(s)"] == "2"
    assert leading_number(dict(flatten(flat))["L3 cache"]) == leading_number(dict(flatten(nested))["L3"]) == 2**25
    assert leading_number(None) is None


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


def test_a_holder_that_does_not_answer_is_still_a_holder() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind("\0perf-test-silent")
        with pytest.raises(MachineBusy, match="a process that is just"), lock.hold("perf-test-silent"):
            pytest.fail("the lock was given twice")
