"""Reasons why a machine is a poor one, each of them alone."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import threading
import time
from pathlib import Path

import pytest

from perf.host import advice
from perf.host.advice import Load
from perf.host.machine import Machine
from tests.builders.machines import GENOA
from tests.builders.powercap import TWO_SOCKETS, powercap
from tests.builders.trees import CPU, tree

CALM = Load(0.0)
PSI = {"proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"}


def complaints(machine: Machine, root: Path, load: Load = CALM) -> str:
    return "\n".join(map(str, advice.complaints(machine, load, root)))


@pytest.fixture(autouse=True)
def counters_of_energy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERF_POWERCAP", raising=False)
    powercap(tmp_path, TWO_SOCKETS)


def test_a_good_machine(tmp_path: Path) -> None:
    assert complaints(GENOA, tree(tmp_path, PSI)) == ""


@pytest.mark.parametrize(
    ("change", "complaint", "remedy"),
    [
        ({"governor": "powersave"}, "governor is powersave", "cpupower frequency-set"),
        ({"turbo": True}, "turbo is on", "no_turbo"),
        ({"cpu_quota": 1.5}, "limits this process to 1.5 CPUs, so the 2 cores in use are throttled", "--cpuset-cpus"),
        ({"hypervisor": "KVM"}, r"virtual machine (KVM)", "bare metal"),
    ],
)
def test_what_the_machine_is(tmp_path: Path, change: dict[str, object], complaint: str, remedy: str) -> None:
    text = complaints(dataclasses.replace(GENOA, **change), tree(tmp_path, PSI))  # type: ignore[arg-type]
    assert complaint in text
    assert remedy in text.partition("fix:")[2]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"proc/meminfo": "SwapTotal: 4096 kB\nSwapFree: 2048 kB"}, "2 MiB of swap are in use"),
        ({f"{CPU}/cpu0/topology/thread_siblings_list": "0,4"}, "1 of the 2 cores share their execution units"),
    ],
)
def test_what_the_kernel_says(tmp_path: Path, files: dict[str, str], complaint: str) -> None:
    assert complaint in complaints(GENOA, tree(tmp_path, PSI | files))


def test_a_sibling_that_is_switched_off_shares_nothing(tmp_path: Path) -> None:
    files = {f"{CPU}/cpu0/topology/thread_siblings_list": "0,4", f"{CPU}/cpu4/online": "0"}
    assert complaints(GENOA, tree(tmp_path, PSI | files)) == ""


def test_a_kernel_without_pressure(tmp_path: Path) -> None:
    assert "only if its CPU use falls clearly below that of its session's best round" in complaints(GENOA, tmp_path)
    assert "psi=1" in complaints(GENOA, tmp_path)


def test_counters_of_energy_that_are_hidden(tmp_path: Path) -> None:
    text = complaints(GENOA, tree(tmp_path / "other", PSI))
    assert text.startswith("energy is not measured: ")
    assert "docs/how-to/measure-energy.md" in text.partition("fix:")[2]


def spin() -> None:
    while True:
        pass


def spin_for(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_other_work_is_seen_and_named(tmp_path: Path) -> None:
    busy = multiprocessing.get_context("spawn").Process(target=spin, daemon=True)
    busy.start()
    threading.Thread(target=spin_for, args=[0.5], daemon=True).start()
    try:
        load = advice.other_load(watched_s=1.0)
    finally:
        busy.kill()
    assert load.cpus > 0.3
    assert any(f" {busy.pid} " in who for who in load.who)
    assert not any(f" {os.getpid()} " in who for who in load.who), "this process is not other work"
    assert "other work uses" in complaints(GENOA, tree(tmp_path, PSI), load)
