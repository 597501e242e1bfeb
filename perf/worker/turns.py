"""Turns with another worker, part by part of a generation, so that only one of the two runs at a time.

A shared machine may change its speed by a tenth within half a minute. Two generations of 20 seconds, one after the
other, would show that as a difference between them; two UNet steps of a second each seldom do. The waits are measured
too, and left out of the generation's figures.

The counters are read at both ends of a wait, which are also the ends of the turns around it: so each part has its own
conditions, and one that was disturbed can be set aside alone. Reading them takes a tenth of a millisecond, and counts
as waiting.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace

from perf.records.part import Part
from perf.records.sample import Conditions, Turn
from perf.worker.conditions import Counters, between, difference, increase
from perf.worker.wire import Wire


@dataclass(frozen=True, kw_only=True)
class Wait:
    """One wait, for the turn of ``part``, with the counters and the seconds of the clock at either end."""

    part: Part
    asked: Counters
    granted: Counters
    asked_s: float
    granted_s: float

    @property
    def conditions(self) -> Conditions:
        """What the worker used and the machine went through meanwhile."""
        return between(self.asked, self.granted)


class Turns:
    """The turns of a generation. Called before each of its parts, it waits there if the generation takes turns."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._takes_turns = False
        self._waits: list[Wait] = []

    def restart(self, *, takes_turns: bool) -> None:
        """Forget the waits of the previous generation."""
        self._takes_turns = takes_turns
        self._waits = []

    def __call__(self, part: Part) -> None:
        """Wait for the turn of this part, and measure the wait."""
        if not self._takes_turns:
            return
        asked_s, asked = time.perf_counter(), Counters.read(reset_peak=False)
        self._wire.await_turn()
        granted, granted_s = Counters.read(reset_peak=False), time.perf_counter()
        self._waits.append(Wait(part=part, asked=asked, granted=granted, asked_s=asked_s, granted_s=granted_s))

    @property
    def are_taken(self) -> bool:
        """Whether this generation takes turns."""
        return self._takes_turns

    @property
    def waited_s(self) -> float:
        """The seconds that this generation has waited for its turns."""
        return sum(wait.granted_s - wait.asked_s for wait in self._waits)

    def without_waits(self, whole: Conditions) -> Conditions:
        """Return the conditions of the ``whole`` generation less those of its waits."""
        for wait in self._waits:
            waited = wait.conditions
            whole = replace(
                whole,
                cpu_s=increase(waited.cpu_s, whole.cpu_s),
                involuntary_switches=max(0, whole.involuntary_switches - waited.involuntary_switches),
                cpu_pressure_s=difference(waited.cpu_pressure_s, whole.cpu_pressure_s),
                steal_s=increase(waited.steal_s, whole.steal_s),
            )
        return whole

    def conditions(self, after: Counters, ended_s: float) -> tuple[Turn, ...] | None:
        """Return the conditions of each turn, in order, or None if the generation took no turns.

        Args:
            after: The counters after the generation, where its last turn ended.
            ended_s: The clock's seconds there.
        """
        if not self._takes_turns:
            return None
        turns = [
            turn_of(wait, following.asked, following.asked_s) for wait, following in itertools.pairwise(self._waits)
        ]
        return (*turns, *(turn_of(last, after, ended_s) for last in self._waits[-1:]))


def turn_of(wait: Wait, after: Counters, ended_s: float) -> Turn:
    """Return the turn that followed a wait and ended at ``ended_s``, when the counters were ``after``."""
    used = between(wait.granted, after)
    return Turn(
        part=wait.part,
        wall_s=ended_s - wait.granted_s,
        cpu_s=used.cpu_s,
        involuntary_switches=used.involuntary_switches,
        cpu_pressure_s=used.cpu_pressure_s,
    )
