"""Whether the figures of a round hold together: what no machine can have measured, whatever each is by itself.

An image takes at least as long as its parts, and two CPUs have two seconds of work in one. The bounds are wide: they
are to catch a mistaken unit, a factor of ten or a library that counts wrongly, and never a bad night.
"""

from __future__ import annotations

from perf.errors import BadRecord
from perf.records.energy import MOST_W
from perf.records.session_record import Round

ROUNDING = 1.001  # numbers are kept with six digits
CLOCK_SLACK = 1.05  # CPU time and pressure are read a moment before and after the image, in whole ticks
CLOCK_SLACK_S = 0.5
FASTEST_CLOCK_HZ = 10e9  # faster than any processor's, of the cycles of either clock
MOST_PER_CYCLE = 16  # instructions: twice as many as the widest of today retires
MEMORY_SLACK_BYTES = 1024**3  # what the machine has is known in whole GiB only, where it was read from a file
LEAST_PACKAGES_W = 1.0  # of a whole machine, idle power included
MOST_PACKAGES = 32  # no machine has more sockets


def check_consistent(timed: Round, *, steps: int, cpus: int | None, memory_bytes: float | None) -> None:
    """Raise BadRecord, which names the field, if a round's figures contradict each other.

    Args:
        timed: the round.
        steps: how many UNet steps it had at least.
        cpus: how many CPUs the machine has, or None where that is not known.
        memory_bytes: how much memory it has, or None where that is not known.
    """
    parts_s = least_parts_s(timed, steps)
    if timed.latency_s * ROUNDING < parts_s:
        raise BadRecord("latency_s", f"{timed.latency_s:g} s is less than its parts take, {parts_s:g} s")
    longest_s = timed.latency_s * CLOCK_SLACK + CLOCK_SLACK_S
    if cpus and timed.cpu_s is not None and timed.cpu_s > cpus * longest_s:
        raise BadRecord("cpu_s", f"{timed.cpu_s:g} s in {timed.latency_s:g} s, on {cpus} CPUs")
    if timed.cpu_pressure_s is not None and timed.cpu_pressure_s > longest_s:
        raise BadRecord("cpu_pressure_s", f"{timed.cpu_pressure_s:g} s in {timed.latency_s:g} s")
    _check_counts(timed, longest_s, cpus)
    peak_bytes = timed.peak_rss_bytes
    if memory_bytes and peak_bytes is not None and peak_bytes > memory_bytes + MEMORY_SLACK_BYTES:
        raise BadRecord("peak_rss_bytes", f"{peak_bytes:g} bytes, the machine has {memory_bytes:g}")
    check_power(timed)


def check_power(timed: Round) -> None:
    """Raise BadRecord if a round's joules are more watts, or fewer, than any machine has."""
    for name, joules, least_w in (("package_j", timed.package_j, LEAST_PACKAGES_W), ("dram_j", timed.dram_j, 0.0)):
        if joules is not None and not least_w <= joules / timed.latency_s <= MOST_PACKAGES * MOST_W:
            raise BadRecord(name, f"{joules:g} J in {timed.latency_s:g} s are {joules / timed.latency_s:g} W")


def _check_counts(timed: Round, longest_s: float, cpus: int | None) -> None:
    """Raise BadRecord if there are more cycles than all CPUs have in that time, or instructions than fit into them."""
    for name in ("cycles", "reference_cycles"):
        count: float | None = getattr(timed, name)
        if cpus and count is not None and count > cpus * longest_s * FASTEST_CLOCK_HZ:
            raise BadRecord(name, f"{count:g} in {timed.latency_s:g} s, on {cpus} CPUs")
    cycles = timed.cycles
    if timed.instructions is not None and cycles is not None and timed.instructions > cycles * MOST_PER_CYCLE:
        raise BadRecord("instructions", f"{timed.instructions:g} in {cycles:g} cycles")


def least_parts_s(timed: Round, steps: int) -> float:
    """Return the least that the parts of an image can have taken: half of its steps were as long as their median."""
    once_s = sum(part_s or 0.0 for part_s in (timed.text_encoder_s, timed.vae_decode_s, timed.safety_checker_s))
    return once_s + (steps + 1) // 2 * (timed.unet_step_s or 0.0)
