"""The machine's own speed while a variant is measured: the probe's process, and its times around each sample."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from perf.host.machine import Machine
from perf.measure import command, launcher
from perf.measure.replies import Probed
from perf.records.sample import Sample
from perf.records.session_record import mean_probe_s

REPEATS = 3
DEADLINE_S = 120.0
EVERY_S = 2.0  # rounds that are shorter share a probe


@dataclass(frozen=True)
class Probe:
    """The process that does a fixed piece of work (perf.worker.probe): its name, and a call that times it once."""

    name: str
    time_s: Callable[[], float]


@contextlib.contextmanager
def running(machine: Machine, folder: Path) -> Iterator[Probe]:
    """Start the probe in the suite's own environment, whose numpy decides its speed, and end it afterwards.

    Raises a WorkerError if it does not start.
    """
    request = {"request": "probe", "repeats": REPEATS}
    with launcher.start("probe", command.for_probe(machine), folder, DEADLINE_S) as process:
        yield Probe(
            name=f"numpy {np.__version__}",
            time_s=lambda: process.ask(request, Probed, DEADLINE_S).probe_s,
        )


class ProbeTimes:
    """The probe's times during the rounds of one variant; ``come_to_rest`` waits until its worker rests."""

    def __init__(self, probe: Probe, come_to_rest: Callable[[], None]) -> None:
        self._probe = probe
        self._come_to_rest = come_to_rest
        self._times_s: list[tuple[int, float]] = []  # the samples measured before it, and its seconds
        self._taken_at_s = -math.inf

    def is_due(self) -> bool:
        """Return whether the last probe is too old for the next round."""
        return time.monotonic() - self._taken_at_s >= EVERY_S

    def take(self, measured: int) -> None:
        """Let the worker come to rest and probe once, after ``measured`` samples. Raises a WorkerError."""
        self._come_to_rest()
        self._times_s.append((measured, self._probe.time_s()))
        self._taken_at_s = time.monotonic()

    def assign(self, samples: Sequence[Sample]) -> tuple[Sample, ...]:
        """Return all samples so far, each with the mean of the probes around it."""
        return tuple(
            replace(sample, probe_s=probed_around(number, self._times_s)) for number, sample in enumerate(samples)
        )


def probed_around(number: int, probes: Sequence[tuple[int, float]]) -> float | None:
    """Return the mean of the last probe before the sample of that number, from 0, and the first one after it.

    ``probes`` are pairs in order of time: the samples measured before the probe, and its seconds.
    """
    before_s = next((probe_s for measured, probe_s in reversed(probes) if measured <= number), None)
    after_s = next((probe_s for measured, probe_s in probes if measured > number), None)
    return mean_probe_s(before_s, after_s)
