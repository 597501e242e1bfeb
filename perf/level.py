"""Where a session lies: one number for its rounds, without the disturbed ones and without the time spent waiting.

Two things are known about the noise of a shared machine, both from recorded identical sessions:

- A round beside which something else ran gives itself away by CPU pressure, and is no measurement. It is set aside.
- What is left differs from round to round mostly by waiting: when one thread of a parallel loop is held up (by a
  neighbour on the same host, say), the others wait for it, so that latency rises while the CPUs in use fall. How much
  latency goes with how much use is learnt within the baseline's sessions, where no software can have changed.

The correction is of the rounds' noise, and blind to a change that makes threads wait. So the gate reads the plain
median too (perf.watch).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from perf.record import Record, Round

# Of the recorded rounds nearly all that ran alone had under 4 % of pressure, those beside a busy process 8 to 49 %.
PRESSURE_SHARE = 0.05
PRESSURE_FLOOR_S = 0.010  # a few time slices, which any short generation may lose
USE_SHARE = 0.92  # where the kernel does not account pressure: of the CPUs in use in the session's best round

MIN_ROUNDS = 2  # undisturbed ones that a session must have to be read, unless it is of one round
TYPICAL_ROUNDS = 5  # with so many, half of a level's variance is of its rounds, half of its session

# Latency over use, as powers: 1 would mean that only the CPU time matters. Before any data: 1, give or take 1.
WAITING_PRIOR, WAITING_PRIOR_SD = 1.0, 1.0
ROUND_SD = 0.02  # of log latency, given the use
MAX_WAITING_POWER = 4.0

Reading = Callable[[Round], float | None]


@dataclass(frozen=True)
class Level:
    """One session's place on a log scale, and when it was measured, in seconds since 1970.

    ``control`` is the place of the session's fastest machine probe, None if there was none; ``probe`` names it.
    """

    value: float
    control: float | None
    rounds: int
    measured_s: float = 0.0
    probe: str | None = None

    @property
    def weight(self) -> float:
        """Inverse variance relative to a session of TYPICAL_ROUNDS rounds."""
        return 2 / (1 + TYPICAL_ROUNDS / self.rounds)


def undisturbed(rounds: Sequence[Round]) -> list[Round]:
    """The rounds that nothing else ran beside, as far as the kernel has said."""
    best_use = max((use(one) or 0.0 for one in rounds), default=0.0)
    return [one for one in rounds if not disturbed(one, best_use)]


def disturbed(one: Round, best_use: float = 0.0) -> bool:
    """Whether something else ran beside this round. ``best_use`` is consulted only where pressure is not known."""
    if one.cpu_pressure_s is not None:
        return one.cpu_pressure_s > PRESSURE_SHARE * one.latency_s + PRESSURE_FLOOR_S
    used = use(one)
    return used is not None and used < USE_SHARE * best_use


def use(one: Round) -> float | None:
    """CPUs in use, on average over the generation."""
    return one.cpu_s / one.latency_s if one.cpu_s else None


def waiting_power(records: Iterable[Record]) -> float:
    """The power of use that latency goes with, least squares within sessions, drawn towards WAITING_PRIOR."""
    precision = (ROUND_SD / WAITING_PRIOR_SD) ** 2
    product, square = WAITING_PRIOR * precision, precision
    for record in records:
        pairs = [(math.log(one.latency_s), math.log(used)) for one in undisturbed(record.rounds) if (used := use(one))]
        if len(pairs) >= MIN_ROUNDS:
            latency, used_log = (np.array(column) - np.mean(column) for column in zip(*pairs, strict=True))
            product -= float(latency @ used_log)
            square += float(used_log @ used_log)
    return min(max(product / square, 0.0), MAX_WAITING_POWER)


def steadied(reading: Reading, power: float) -> Reading:
    """``reading`` as it would be at one CPU in use, comparable between rounds that waited differently long."""

    def read(one: Round) -> float | None:
        used, value = use(one), reading(one)
        return value * used**power if used and value else value

    return read


def level(record: Record, reading: Reading) -> Level | None:
    """The session's level of ``reading``: the median log over its undisturbed rounds; None if it has too few."""
    rounds = undisturbed(record.rounds)
    values = [math.log(value) for one in rounds if (value := reading(one))]
    if len(values) < min(MIN_ROUNDS, max(1, len(record.rounds))):
        return None
    probes = [one.probe_s for one in record.rounds if one.probe_s]
    control = math.log(min(probes)) if probes else None
    return Level(statistics.median(values), control, len(values), record.measured_s, record.probe)


def load_level(record: Record) -> Level | None:
    """The level of the session's load time."""
    return Level(math.log(record.load_s), None, TYPICAL_ROUNDS, record.measured_s) if record.load_s else None
