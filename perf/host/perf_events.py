"""The kernel's counters of a process, by perf_event_open(2): what can be counted here, and why the rest cannot.

The worker opens them at its very start with ``inherit``, so that threads made later are counted too; one descriptor for
each event, since the kernel does not read a group of inherited events at once. Kernel and hypervisor are left out: so
much the kernel's default, ``kernel.perf_event_paranoid`` of 2, grants every process. Of page faults that leaves out
those that the kernel itself takes in a system call.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}  # the system call's number, by architecture
PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
GRANTS_PROCESSES = 2  # the largest value with which a process may count itself

HARDWARE, SOFTWARE = 0, 1  # perf_event_attr.type
INHERIT, EXCLUDE_KERNEL, EXCLUDE_HV = 1 << 1, 1 << 5, 1 << 6  # bits of its flags
ENABLED_AND_RUNNING = 0b11  # its read_format: PERF_FORMAT_TOTAL_TIME_ENABLED and _RUNNING
CLOSE_ON_EXEC = 8  # PERF_FLAG_FD_CLOEXEC
THIS_PROCESS, ANY_CPU, NO_GROUP = 0, -1, -1
ATTR = struct.Struct("=IIQQQQQIIQ")  # the first version of perf_event_attr, 64 bytes, which every kernel takes

ABSENT = {
    errno.ENOENT,
    errno.ENODEV,
    errno.EOPNOTSUPP,
}  # the processor has none, or a virtual machine shows none
REFUSED = {errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Event:
    """An event, as perf_event_attr has it: PERF_COUNT_HW_* or PERF_COUNT_SW_* of linux/perf_event.h."""

    type: int
    config: int


# By the fields of perf.records.counts.Counts; of the task clock, in nanoseconds.
EVENTS: Mapping[str, Event] = {
    "instructions": Event(HARDWARE, 1),
    "cycles": Event(HARDWARE, 0),
    "reference_cycles": Event(HARDWARE, 9),
    "cache_misses": Event(HARDWARE, 3),
    "page_faults": Event(SOFTWARE, 2),
    "task_clock_s": Event(SOFTWARE, 1),
}


def open_event(event: Event) -> int:
    """Begin to count an event of this process, and of the threads that it will make; return the descriptor.

    Reading that gives three numbers of 64 bits: the count, and for how many nanoseconds it was to be counted and was.

    Raises OSError where the kernel does not count it.
    """
    flags = INHERIT | EXCLUDE_KERNEL | EXCLUDE_HV
    attr = ATTR.pack(event.type, ATTR.size, event.config, 0, 0, ENABLED_AND_RUNNING, flags, 0, 0, 0)
    return perf_event_open(attr)


def perf_event_open(attr: bytes) -> int:
    """Make the system call for this process on any CPU. Raises OSError."""
    number = PERF_EVENT_OPEN.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (THIS_PROCESS, ANY_CPU, NO_GROUP)
    descriptor = libc.syscall(
        ctypes.c_long(number), attr, *map(ctypes.c_long, arguments), ctypes.c_ulong(CLOSE_ON_EXEC)
    )  # fmt: skip
    if descriptor < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(descriptor)


@dataclass(frozen=True)
class Uncounted:
    """Events that are not counted here, by name, why, and what can be done about it."""

    events: tuple[str, ...]
    reason: str
    mend: str

    @property
    def what(self) -> str:
        """What is not counted, and why."""
        names = ", ".join(name.removesuffix("_s").replace("_", " ") for name in self.events)
        return f"not counted here: {names}, since {self.reason}"

    def __str__(self) -> str:
        return f"{self.what}: {self.mend}"


def uncounted(*, is_virtual: bool) -> list[Uncounted]:
    """Try each event, and return those that cannot be counted, together where the reason is the same."""
    codes: dict[int, list[str]] = {}
    for name, event in EVENTS.items():
        try:
            os.close(open_event(event))
        except OSError as error:
            codes.setdefault(error.errno or 0, []).append(name)
    return [Uncounted(tuple(names), *why(code, names, is_virtual=is_virtual)) for code, names in codes.items()]


def why(code: int, names: Iterable[str], *, is_virtual: bool) -> tuple[str, str]:
    """Return why the kernel refuses to count these events with that errno, and what can be done about it."""
    name = errno.errorcode.get(code, str(code))
    hardware = {event for event, kind in EVENTS.items() if kind.type == HARDWARE}
    if code in ABSENT and is_virtual:
        which = "hardware counters" if hardware <= set(names) else "such counters"
        return f"this virtual machine shows no {which} ({name})", "have its host pass them on, or measure on bare metal"
    if code in ABSENT:
        return f"the kernel finds no such counter in this processor ({name})", "a newer kernel may know it"
    paranoid = paranoid_level()
    if code in REFUSED and paranoid is not None and paranoid > GRANTS_PROCESSES:
        return (
            f"kernel.perf_event_paranoid is {paranoid} ({name})",
            f"sudo sysctl kernel.perf_event_paranoid={GRANTS_PROCESSES}, or grant CAP_PERFMON",
        )
    if code in REFUSED:
        return (
            f"perf_event_open is forbidden here ({name}), as in a container by its seccomp profile",
            "docker run --cap-add PERFMON, or a profile that allows it",
        )
    if code == errno.ENOSYS:
        return f"this kernel has no perf_event_open ({name})", "a kernel with CONFIG_PERF_EVENTS, outside of sandboxes"
    return f"perf_event_open failed: {os.strerror(code)} ({name})", "see man 2 perf_event_open"


def paranoid_level() -> int | None:
    """Return ``kernel.perf_event_paranoid``, or None where it cannot be read."""
    try:
        return int(PARANOID.read_text())
    except (OSError, ValueError):
        return None
