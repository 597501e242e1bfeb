"""The counters of this process (perf.host.perf_events), read where a part of a generation begins or ends.

They count on their own; reading them takes a few microseconds for each event, more where many threads are running, and
falls between two parts: its seconds are in none of them, nor in the generation's latency.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perf.host import perf_events
from perf.records.counts import Counts, GenerationCounts
from perf.records.part import Part

RECORD = struct.Struct("=QQQ")  # the count, nanoseconds for which it was to be counted, and for which it was
LEAST_COUNTED = 0.5  # of the time: what was counted for less is too rough an estimate of the whole
NS = 1e9


@dataclass(frozen=True)
class Total:
    """A counter since it was opened; where there are too few in the processor, it counts some of the time only."""

    value: int
    enabled_ns: int
    running_ns: int


Totals = Mapping[str, Total]  # by the fields of Counts; without those that this machine does not count


class PerfEvents:
    """The counters of this process and of the threads that it makes from now on."""

    def __init__(self) -> None:
        self._descriptors: dict[str, int] = {}
        for name, event in perf_events.EVENTS.items():
            try:
                self._descriptors[name] = perf_events.open_event(event)
            except OSError:
                continue  # the parent says so, once a run

    def read(self) -> Totals:
        """Read all counters now."""
        return {
            name: Total(*RECORD.unpack(os.read(descriptor, RECORD.size)))
            for name, descriptor in self._descriptors.items()
        }


def between(before: Totals, after: Totals) -> Counts:
    """Return what was counted from ``before`` to ``after``."""
    counted: dict[str, Any] = {name: increase(total, after[name]) for name, total in before.items()}
    if (clock_ns := counted.pop("task_clock_s", None)) is not None:
        counted["task_clock_s"] = clock_ns / NS
    return Counts(**counted)


def increase(before: Total, after: Total) -> int | None:
    """Return by how much a counter rose, for the whole time where it counted for most of it; else None."""
    value = max(0, after.value - before.value)
    enabled_ns, running_ns = after.enabled_ns - before.enabled_ns, after.running_ns - before.running_ns
    if running_ns >= enabled_ns:
        return value
    if running_ns < LEAST_COUNTED * enabled_ns:
        return None
    return round(value * enabled_ns / running_ns)


class CountsByPart:
    """The counts of a generation by what it was doing, begun afresh for each; reading them took ``reading_s``."""

    def __init__(self, events: PerfEvents) -> None:
        self._events = events
        self._counted: dict[Part | None, list[Counts]] = {}
        self._part: Part | None = None
        self._is_paused = True
        self._last: Totals = {}
        self.reading_s = 0.0

    def begin(self) -> None:
        """Begin a generation: all is its rest until a part is entered."""
        self._counted, self._part, self._is_paused = {}, None, False
        self._last = self._events.read()
        self.reading_s = 0.0

    def pause(self) -> None:
        """Leave out what comes until a part is entered: waiting for a turn."""
        self._go_on(None)
        self._is_paused = True

    def enter(self, part: Part) -> None:
        """Count for this part from now on."""
        self._go_on(part)

    def leave(self) -> None:
        """Count for the rest from now on."""
        self._go_on(None)

    def end(self) -> GenerationCounts | None:
        """End the generation, and return its counts; None where nothing can be counted."""
        self._go_on(None)
        self._is_paused = True
        if not self._last:
            return None
        totals = {part: Counts.total(counted) for part, counted in self._counted.items()}
        rest = totals.pop(None, Counts())
        return GenerationCounts(parts={part: counts for part, counts in totals.items() if part}, rest=rest)

    def _go_on(self, part: Part | None) -> None:
        """Read the counters, and give what they have counted to what the generation was doing."""
        began_s = time.perf_counter()
        totals = self._events.read()
        if not self._is_paused:
            self._counted.setdefault(self._part, []).append(between(self._last, totals))
        self._last, self._part, self._is_paused = totals, part, False
        self.reading_s += time.perf_counter() - began_s
