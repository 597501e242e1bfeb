"""Turns with another worker, part by part of a generation, so that only one of the two runs at a time.

A shared machine may change its speed by a tenth within half a minute. Two generations of 20 seconds, one after the
other, would show that as a difference between them; two UNet steps of a second each seldom do. The waits are measured
too, and left out of the generation's figures.
"""

from __future__ import annotations

import time
from dataclasses import replace

from perf.records.sample import Conditions
from perf.worker.conditions import Counters, between, difference
from perf.worker.wire import Wire


class Turns:
    """The turns of a generation. Called before each of its parts, it waits there if the generation takes turns."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._takes_turns = False
        self._waits: list[tuple[float, Conditions]] = []

    def restart(self, *, takes_turns: bool) -> None:
        """Forget the waits of the previous generation."""
        self._takes_turns = takes_turns
        self._waits = []

    def __call__(self) -> None:
        """Wait for the turn, and measure the wait."""
        if not self._takes_turns:
            return
        before, began = Counters.read(reset_peak=False), time.perf_counter()
        self._wire.await_turn()
        waited_s = time.perf_counter() - began
        self._waits.append((waited_s, between(before, Counters.read(reset_peak=False))))

    @property
    def waited_s(self) -> float:
        """The seconds that this generation has waited for its turns."""
        return sum(waited_s for waited_s, _ in self._waits)

    def without_waits(self, whole: Conditions) -> Conditions:
        """Return the conditions of the ``whole`` generation less those of its waits."""
        for _, waited in self._waits:
            whole = replace(
                whole,
                cpu_s=whole.cpu_s - waited.cpu_s,
                involuntary_switches=whole.involuntary_switches - waited.involuntary_switches,
                cpu_pressure_s=difference(waited.cpu_pressure_s, whole.cpu_pressure_s),
                steal_s=whole.steal_s - waited.steal_s,
            )
        return whole
