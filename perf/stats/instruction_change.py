"""What the kernel's counters say of a change of time: software, spinning threads, or the machine, and what of it.

The seconds of an image are a product, each factor of which is counted::

    seconds = instructions * (cycles / instruction) * (reference cycles / cycle) * (CPU time / reference cycle)
              / (CPUs in use)

- More instructions are software, whatever the packages say; or threads that spin while they wait for another one.
- More cycles for an instruction are stalls: memory and caches, or who else uses them.
- Reference cycles go by a clock that never changes; more of them for a cycle are a lower clock.
- More CPU time for a reference cycle was spent in the kernel, where neither is counted. Without reference cycles these
  two factors are known together only.
- Fewer CPUs in use are threads that wait asleep, or do not get a CPU.

Threads that spin are told apart by what they add. A spin-wait loop executes PAUSE, which takes about 10 cycles on older
processors and up to 140 from Skylake on (Intel 64 and IA-32 Architectures Optimization Reference Manual, on Skylake's
PAUSE): a few instructions in so many cycles, 0.03 in each by a published count, and it misses no cache. Work that
software adds runs at about the row's own rate. So what is added is spinning if its instructions per cycle are far below
the row's own, and the cache misses have not grown more than the instructions. That is no proof: a little work that
stalls much, without cache misses, looks the same. So it clears the instructions alone, and never the time.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from perf.records.session_record import Round, SessionRecord
from perf.stats.level import undisturbed
from perf.stats.verdict import percent

SPINNING_RATE = 0.25  # of the row's own instructions per cycle: the most at which what is added is called spinning
WORTH_SAYING = 0.005  # of a factor, as a log ratio

TOLD = ("latency_s", "cpu_s", "instructions", "cycles")  # without these nothing is said
OPTIONAL = ("reference_cycles", "cache_misses")


class InstructionChange(StrEnum):
    """What became of the instructions."""

    SAME = "the same instructions"
    MORE = "more instructions: software"
    SPINNING = "more instructions, by threads that spin while they wait"
    FEWER = "fewer instructions"
    NOT_TOLD = "whether the instructions are the same is not certain"


class Factor(StrEnum):
    """A factor of the seconds of an image, by what makes it larger."""

    INSTRUCTIONS = "instructions"
    STALLS = "stalls"
    CLOCK = "lower clock"
    KERNEL = "kernel"
    CLOCK_OR_KERNEL = "lower clock or kernel"
    WAITING = "waiting"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The cost of an image: seconds, CPU seconds, and what was counted; None for what was not."""

    latency_s: float
    cpu_s: float
    instructions: float
    cycles: float
    reference_cycles: float | None = None
    cache_misses: float | None = None

    @property
    def instructions_per_cycle(self) -> float:
        return self.instructions / self.cycles

    @classmethod
    def of(cls, rounds: Sequence[Round]) -> Self | None:
        """Return the medians over these rounds; None where one of TOLD is not known of all of them."""
        columns = {name: [getattr(timed, name) for timed in rounds] for name in (*TOLD, *OPTIONAL)}
        medians = {name: statistics.median(column) for name, column in columns.items() if column and all(column)}
        return cls(**medians) if medians.keys() >= set(TOLD) else None

    @classmethod
    def of_sessions(cls, sessions: Iterable[SessionRecord]) -> Self | None:
        """Return the medians over all undisturbed rounds."""
        return cls.of([timed for session in sessions for timed in undisturbed(session.rounds)])


@dataclass(frozen=True)
class Interval:
    """The ratio of the instructions, as far as it is known: beyond either bound with a probability of 5 %."""

    ratio: float
    low: float
    high: float


def factors(before: Cost, after: Cost) -> dict[Factor, float]:
    """Return the factors by which the seconds rose, as log ratios; they add up to that of the seconds."""

    def rise(numerator: str, denominator: str) -> float:
        now, was = (getattr(cost, numerator) / getattr(cost, denominator) for cost in (after, before))
        return math.log(now / was)

    told = {
        Factor.INSTRUCTIONS: math.log(after.instructions / before.instructions),
        Factor.STALLS: rise("cycles", "instructions"),
    }
    if before.reference_cycles and after.reference_cycles:
        told[Factor.CLOCK] = rise("reference_cycles", "cycles")
        told[Factor.KERNEL] = rise("cpu_s", "reference_cycles")
    else:
        told[Factor.CLOCK_OR_KERNEL] = rise("cpu_s", "cycles")
    told[Factor.WAITING] = rise("latency_s", "cpu_s")
    return told


def change_of(before: Cost, after: Cost, tolerance: float, interval: Interval | None = None) -> InstructionChange:
    """Return what became of the instructions.

    Args:
        before: what an image cost.
        after: what it costs now.
        tolerance: the change of the instructions that matters, as a fraction.
        interval: how well their ratio is known; without one, as if it were known exactly.
    """
    ratio = after.instructions / before.instructions
    known = interval or Interval(ratio, ratio, ratio)
    most = 1 + tolerance
    if 1 / most <= known.low and known.high <= most:
        return InstructionChange.SAME
    if known.high < 1 and known.ratio < 1 / most:
        return InstructionChange.FEWER
    if known.low > 1 and known.ratio > most:
        return InstructionChange.SPINNING if is_spinning(before, after) else InstructionChange.MORE
    return InstructionChange.NOT_TOLD


def is_spinning(before: Cost, after: Cost) -> bool:
    """Tell whether what was added looks like threads that spin; not where the cache misses are not known."""
    instructions, cycles = after.instructions - before.instructions, after.cycles - before.cycles
    if instructions <= 0 or cycles <= 0:
        return False
    if instructions / cycles > SPINNING_RATE * before.instructions_per_cycle:
        return False
    if not before.cache_misses or not after.cache_misses:
        return False
    return after.cache_misses / before.cache_misses <= after.instructions / before.instructions


def in_words(told: Mapping[Factor, float]) -> str:
    """Name the factors that are worth saying with what each does to the seconds, the instructions in any case."""
    parts = [
        f"{factor} {percent(math.exp(log))}"
        for factor, log in told.items()
        if factor is Factor.INSTRUCTIONS or abs(log) >= WORTH_SAYING
    ]
    return ", ".join(parts)


def describe(before: Cost, after: Cost, change: InstructionChange) -> str:
    """State what the counters say: the change of the instructions, and what each factor does to the seconds."""
    return f"{change}; the seconds change by {in_words(factors(before, after))}"


def costs_of(baseline: Sequence[SessionRecord], new: Sequence[SessionRecord]) -> tuple[Cost, Cost] | None:
    """Return what an image cost and costs, where both are known."""
    before, after = Cost.of_sessions(baseline), Cost.of_sessions(new)
    return (before, after) if before and after else None


def has_spun(baseline: Sequence[SessionRecord], new: Sequence[SessionRecord]) -> bool:
    """Tell whether what the new sessions execute beyond the baseline's looks like threads that spin."""
    costs = costs_of(baseline, new)
    return costs is not None and is_spinning(*costs)
