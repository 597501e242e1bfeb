"""What makes a machine a poor one to measure on, and how to mend each."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from perf.host import linux
from perf.host.machine import Machine

LOAD_WATCHED_S = 2.0
IDLE_CPUS = 0.05  # CPUs' worth of other work that is not worth a word
NAMED_PROCESSES = 3
PRESSURE = Path("proc/pressure/cpu")


@dataclass(frozen=True)
class Complaint:
    """One thing that makes figures worse, and what its owner can do."""

    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.what}\n    mend: {self.mend}"


@dataclass(frozen=True)
class Load:
    """CPU time used by others than this process, in CPUs, and who used most of it."""

    cpus: float
    who: tuple[str, ...] = ()


def complaints(machine: Machine, load: Load, root: Path = linux.ROOT) -> list[Complaint]:
    """All that is wrong with measuring on ``machine`` now, the worst first."""
    return [*_load(load), *_swap(root), *_limits(machine), *_clock(machine), *_sharing(machine, root), *_blind(root)]


def other_load(watched_s: float = LOAD_WATCHED_S) -> Load:
    """Watch the machine for ``watched_s`` seconds."""
    before = {process: _cpu_s(process) for process in psutil.process_iter()}
    busy = _busy_s()
    time.sleep(watched_s)
    busy_cpus = (_busy_s() - busy) / watched_s
    used = {process: _cpu_s(process) - before.get(process, 0.0) for process in psutil.process_iter()}
    own_cpus = used.get(psutil.Process(), 0.0) / watched_s
    top = sorted(((cpu_s, process) for process, cpu_s in used.items()), key=lambda pair: -pair[0])[:NAMED_PROCESSES]
    named = (f"{_name(process)} ({cpu_s / watched_s:.0%})" for cpu_s, process in top if cpu_s / watched_s > IDLE_CPUS)
    return Load(cpus=max(0.0, busy_cpus - own_cpus), who=tuple(named))


def _load(load: Load) -> Iterable[Complaint]:
    if load.cpus > IDLE_CPUS:
        who = f": {', '.join(load.who)}" if load.who else ""
        yield Complaint(f"other work uses {load.cpus:.2f} CPUs{who}", "stop it, or measure when it does not run")


def _swap(root: Path) -> Iterable[Complaint]:
    if used := linux.swap_used_bytes(root):
        yield Complaint(f"{used / 1024**2:.0f} MiB of swap are in use", "sudo swapoff -a (with enough free memory)")


def _limits(machine: Machine) -> Iterable[Complaint]:
    if machine.cpu_quota is not None and machine.cpu_quota < len(machine.cores):
        yield Complaint(
            f"a control group grants {machine.cpu_quota:g} CPUs and {len(machine.cores)} cores are used: throttled",
            "start the container without --cpus or a CPU limit, with --cpuset-cpus instead",
        )


def _clock(machine: Machine) -> Iterable[Complaint]:
    if machine.governor not in {None, "performance"}:
        yield Complaint(
            f"the frequency governor is {machine.governor}", "sudo cpupower frequency-set --governor performance"
        )
    if machine.turbo:
        yield Complaint(
            "turbo is on: the clock follows temperature and what the other cores do",
            "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo "
            "(or 0 to /sys/devices/system/cpu/cpufreq/boost)",
        )


def _sharing(machine: Machine, root: Path) -> Iterable[Complaint]:
    shared = [core for core in machine.cores if any(linux.online(cpu, root) for cpu in _others(core, root))]
    if shared:
        yield Complaint(
            f"{len(shared)} of the {len(machine.cores)} cores share their units with a second thread (SMT)",
            "echo off | sudo tee /sys/devices/system/cpu/smt/control, or keep other work off the siblings (cpuset)",
        )
    if machine.hypervisor:
        yield Complaint(
            f"this is a virtual machine ({machine.hypervisor}): its neighbours' work cannot be seen from here",
            "measure on bare metal, or on a dedicated host with pinned virtual CPUs",
        )


def _blind(root: Path) -> Iterable[Complaint]:
    if linux.read(root / PRESSURE) is None:
        yield Complaint(
            "the kernel does not account CPU pressure: disturbed rounds are told by the CPUs in use alone",
            "boot with psi=1, in a kernel built with CONFIG_PSI",
        )


def _others(core: int, root: Path) -> frozenset[int]:
    return linux.siblings(core, root) - {core}


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _name(process: psutil.Process) -> str:
    try:
        return f"{process.name()} {process.pid}"
    except psutil.Error:
        return f"process {process.pid}"
