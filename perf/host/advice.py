"""Reasons why a machine is a poor one to measure on, each with its remedy."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from perf.host import energy, linux, perf_events
from perf.host.machine import Machine

LOAD_WATCHED_S = 2.0
IDLE_CPUS = 0.05  # other work that uses no more than this is not worth mentioning
NAMED_PROCESSES = 3
PRESSURE = Path("proc/pressure/cpu")


@dataclass(frozen=True)
class Complaint:
    """Something that makes measurements worse, and what the machine's owner can do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}\n    fix: {self.remedy}"


@dataclass(frozen=True)
class Load:
    """CPUs in use by other processes than this one, on average, and the processes that used most of them."""

    cpus: float
    who: tuple[str, ...] = ()


def complaints(machine: Machine, load: Load, root: Path = linux.ROOT) -> list[Complaint]:
    """List all that speaks against measuring on ``machine`` now, the worst first."""
    of_machine = [*_limits(machine), *_clock(machine), *_sharing(machine, root)]
    return [*_load(load), *_swap(root), *of_machine, *_blind(root), *_without_energy(root)]


def uncounted(machine: Machine) -> list[Complaint]:
    """List what the kernel does not count here, so that a slower machine is hard to tell from slower software."""
    missing = perf_events.uncounted(is_virtual=machine.hypervisor is not None)
    return [Complaint(each.what, each.mend) for each in missing]


def other_load(watched_s: float = LOAD_WATCHED_S) -> Load:
    """Watch the machine for ``watched_s`` seconds, and return what else runs on it."""
    cpu_s_before = {process: _cpu_s(process) for process in psutil.process_iter()}
    busy_s_before = _busy_s()
    time.sleep(watched_s)
    busy_cpus = (_busy_s() - busy_s_before) / watched_s
    cpus = {
        process: (_cpu_s(process) - cpu_s_before.get(process, 0.0)) / watched_s for process in psutil.process_iter()
    }
    own_cpus = cpus.pop(psutil.Process(), 0.0)
    return Load(cpus=max(0.0, busy_cpus - own_cpus), who=_busiest(cpus))


def _busiest(cpus: Mapping[psutil.Process, float]) -> tuple[str, ...]:
    """Name the processes that used most CPUs, unless they were all but idle."""
    busiest = sorted(cpus, key=lambda process: cpus[process], reverse=True)[:NAMED_PROCESSES]
    return tuple(f"{_name(process)} ({cpus[process]:.0%})" for process in busiest if cpus[process] > IDLE_CPUS)


def _load(load: Load) -> Iterable[Complaint]:
    if load.cpus > IDLE_CPUS:
        who = f": {', '.join(load.who)}" if load.who else ""
        yield Complaint(f"other work uses {load.cpus:.2f} CPUs{who}", "stop it, or measure while it does not run")


def _swap(root: Path) -> Iterable[Complaint]:
    if used := linux.swap_used_bytes(root):
        yield Complaint(f"{used / 1024**2:.0f} MiB of swap are in use", "sudo swapoff -a (given enough free memory)")


def _limits(machine: Machine) -> Iterable[Complaint]:
    if machine.cpu_quota is not None and machine.cpu_quota < len(machine.cores):
        yield Complaint(
            f"a control group limits this process to {machine.cpu_quota:g} CPUs, "
            f"so the {len(machine.cores)} cores in use are throttled",
            "start the container without --cpus or a CPU limit, with --cpuset-cpus instead",
        )


def _clock(machine: Machine) -> Iterable[Complaint]:
    if machine.governor not in {None, "performance"}:
        yield Complaint(
            f"the frequency governor is {machine.governor}", "sudo cpupower frequency-set --governor performance"
        )
    if machine.turbo:
        yield Complaint(
            "turbo is on: the clock rate depends on the temperature and on what the other cores do",
            "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo "
            "(or 0 to /sys/devices/system/cpu/cpufreq/boost)",
        )


def _sharing(machine: Machine, root: Path) -> Iterable[Complaint]:
    shared = [core for core in machine.cores if any(linux.online(cpu, root) for cpu in _others(core, root))]
    if shared:
        yield Complaint(
            f"{len(shared)} of the {len(machine.cores)} cores share their execution units with a second thread (SMT)",
            "echo off | sudo tee /sys/devices/system/cpu/smt/control, or keep other work off the siblings (cpuset)",
        )
    if machine.hypervisor:
        yield Complaint(
            f"this is a virtual machine ({machine.hypervisor}): the work of its neighbours cannot be seen from here",
            "measure on bare metal, or on a dedicated host with pinned virtual CPUs",
        )


def _blind(root: Path) -> Iterable[Complaint]:
    if linux.read(root / PRESSURE) is None:
        yield Complaint(
            "the kernel does not account for CPU pressure: a round counts as disturbed only if its CPU use falls "
            "clearly below that of its session's best round",
            "boot with psi=1, on a kernel built with CONFIG_PSI",
        )


def _without_energy(root: Path) -> Iterable[Complaint]:
    if hidden := energy.why_hidden(root):
        yield Complaint(f"energy is not measured: {hidden.why}", hidden.remedy)


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
