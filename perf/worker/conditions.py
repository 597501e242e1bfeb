"""The cost of a generation and what disturbed it, read from /proc by the process itself, just before and just after.

No monitor runs in between: counters are read twice and subtracted. Reading them takes well under a millisecond.
"""

from __future__ import annotations

import os
import re
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from perf.records.sample import Conditions

CLEAR_REFS = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # proc(5): writing 5 resets the peak resident set size
PRESSURE = Path("/proc/pressure/cpu")
STAT = Path("/proc/stat")
STATUS = Path("/proc/self/status")
STEAL_FIELD = 8  # proc(5): user nice system idle iowait irq softirq steal, after the word "cpu"


@dataclass(frozen=True, kw_only=True)
class Counters:
    """The kernel's running totals at one moment."""

    cpu_s: float
    involuntary_switches: int
    cpu_pressure_s: float | None
    steal_s: float
    peak_was_reset: bool

    @classmethod
    def read(cls, *, reset_peak: bool) -> Counters:
        """Read the counters now; ``reset_peak`` begins a new peak of memory, where the kernel lets it."""
        return cls(
            peak_was_reset=reset_peak and _reset_peak_rss(),
            cpu_pressure_s=_cpu_pressure_s(),
            steal_s=_steal_s(),
            involuntary_switches=resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw,
            cpu_s=time.process_time(),
        )


def between(before: Counters, after: Counters) -> Conditions:
    """Return the conditions from ``before`` to ``after``; the peak of memory only if ``before`` has reset it."""
    return Conditions(
        cpu_s=increase(before.cpu_s, after.cpu_s),
        peak_rss_bytes=_peak_rss_bytes() if before.peak_was_reset else None,
        involuntary_switches=after.involuntary_switches - before.involuntary_switches,
        cpu_pressure_s=difference(before.cpu_pressure_s, after.cpu_pressure_s),
        steal_s=increase(before.steal_s, after.steal_s),
    )


def difference(before: float | None, after: float | None) -> float | None:
    """Return the increase of a total, or None where the kernel does not keep it."""
    return None if before is None or after is None else increase(before, after)


def increase(before: float, after: float) -> float:
    """Return the increase of a total in seconds, to the nanosecond; 0 where it went back, as the kernel's steal may."""
    return round(max(0.0, after - before), 9)


def _reset_peak_rss() -> bool:
    try:
        CLEAR_REFS.write_text(RESET_PEAK)
    except OSError:
        return False  # some containers mount /proc read-only
    return True


def _peak_rss_bytes() -> int:
    match = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert match, "every Linux process has VmHWM"
    return int(match[1]) * 1024


def _cpu_pressure_s() -> float | None:
    try:
        some = PRESSURE.read_text().splitlines()[0]
        return int(some.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError, IndexError):
        return None  # kernels without PSI, or with psi=0; some sandboxes have an empty file


def _steal_s() -> float:
    totals = STAT.read_text().split("\n", 1)[0].split()
    return int(totals[STEAL_FIELD]) / os.sysconf("SC_CLK_TCK")
