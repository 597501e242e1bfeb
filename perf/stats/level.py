"""Where a session lies: one number for its rounds, without the disturbed ones and without what the machine added.

Four things are known about the noise of a shared machine, all from recorded identical sessions:

- A round beside which something else ran gives itself away by CPU pressure, and is no measurement. It is set aside.
- Rounds differ by waiting: when one thread of a parallel loop is held up (by a neighbour on the same host, say), the
  others wait for it, so that latency rises while the CPUs in use fall.
- Rounds differ by the machine's own speed, which may change by a tenth from one minute to the next. The probe around
  a round (perf.worker.probe) shows it. How much latency goes with either is learnt within the baseline's sessions,
  where no software can have changed.
- What is left makes rounds slower and hardly ever faster, so that the lower quartile is steadier than the median.

The corrections are of the rounds' noise, and blind to a change that makes threads wait or one round in three slow. So
the gate reads the plain median too (perf.stats.watch).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perf.records.session_record import Round, SessionRecord

# Of the recorded rounds nearly all that ran alone had under 4 % of pressure, those beside a busy process 8 to 49 %.
PRESSURE_SHARE = 0.05
PRESSURE_FLOOR_S = 0.010  # a few time slices, which any short generation may lose
USE_SHARE = 0.92  # where the kernel does not account pressure: of the CPUs in use in the session's best round

MIN_ROUNDS = 2  # undisturbed ones that a session must have to be read, unless it is of one round
TYPICAL_ROUNDS = 5  # with so many, half of a level's variance is of its rounds, half of its session

ROUND_SD = 0.02  # of log latency, given use and probe, before any data
ROUND_SD_WORTH = 4.0  # rounds
PASSES = 4  # between the powers and the noise; a fifth changes neither by a hundredth

Floats = NDArray[np.float64]
Reading = Callable[[Round], float | None]


@dataclass(frozen=True)
class Powers:
    """Latency goes with the CPUs in use to the power of ``-use``, and with the probe's time to that of ``probe``.

    The values are those before any data: only the CPU time matters, and the probe does not.
    """

    use: float = 1.0
    probe: float = 0.0


# How sure the prior is. The probe's power was small wherever enough rounds were recorded to tell (0.03 to 0.2), and a
# probe may be half as slow again on its own, which few rounds would take for the machine's speed.
PRIOR_SD = Powers(use=1.0, probe=0.15)
MOST = Powers(use=4.0, probe=3.0)


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
    """Return the rounds of one session beside which nothing else ran, as far as the kernel tells."""
    best = best_use(rounds)
    return [timed for timed in rounds if not disturbed(timed, best)]


def disturbed(timed: Round, best_use: float) -> bool:
    """Tell whether something else ran beside this round.

    ``best_use`` is that of the round's session, in CPUs. It decides only where the kernel does not account pressure.
    """
    if timed.cpu_pressure_s is not None:
        return timed.cpu_pressure_s > PRESSURE_SHARE * timed.latency_s + PRESSURE_FLOOR_S
    used = use(timed)
    return used is not None and used < USE_SHARE * best_use


def best_use(rounds: Iterable[Round]) -> float:
    """Return the CPUs in use in the round that used most of them; 0 where no CPU time was recorded."""
    return max((use(timed) or 0.0 for timed in rounds), default=0.0)


def use(timed: Round) -> float | None:
    """Return the CPUs in use, on average over the generation; None where no CPU time was recorded."""
    return timed.cpu_s / timed.latency_s if timed.cpu_s else None


def learn_powers(records: Sequence[SessionRecord], *, probed: bool = True) -> Powers:
    """Least squares within sessions, drawn towards the prior; without the probe if it is not to be used.

    How far, the noise of the rounds decides, which is estimated with them: Lindley and Smith, "Bayes estimates for the
    linear model", JRSS B 34 (1972), by iteration.
    """
    sessions = [[one for one in undisturbed(record.rounds) if use(one)] for record in records]
    sessions = [rounds for rounds in sessions if len(rounds) >= MIN_ROUNDS]
    if not sessions:
        return Powers()
    columns = np.vstack([_within([_conditions(one, probed) for one in rounds]) for rounds in sessions])
    values = np.concatenate([_within([math.log(one.latency_s) for one in rounds]) for rounds in sessions])
    found = _drawn_to_prior(columns, values, dof=len(values) - len(sessions))
    return Powers(use=float(found[0]), probe=float(found[1]) * probed)


def _conditions(one: Round, probed: bool) -> tuple[float, float]:
    return -math.log(use(one) or 1.0), math.log(one.probe_s or 1.0) * probed


def _drawn_to_prior(columns: Floats, values: Floats, dof: int) -> Floats:
    """The coefficients of ``columns``, within MOST. ``dof``: how many of the values are free."""
    prior, prior_sd, most = (np.array([one.use, one.probe]) for one in (Powers(), PRIOR_SD, MOST))
    noise_sd = ROUND_SD / 10  # data that agree with each other are to be heard before the prior
    for _ in range(PASSES):
        precision = np.diag((noise_sd / prior_sd) ** 2)
        found = np.linalg.solve(columns.T @ columns + precision, columns.T @ values + precision @ prior)
        residuals = values - columns @ found
        noise_sd = math.sqrt((ROUND_SD_WORTH * ROUND_SD**2 + residuals @ residuals) / (ROUND_SD_WORTH + dof))
    within: Floats = np.clip(found, 0.0, most)
    return within


def _within(values: Sequence[object]) -> Floats:
    """The values, or columns of them, less their means."""
    array = np.array(values, dtype=np.float64)
    centred: Floats = array - array.mean(axis=0)
    return centred


def have_one_probe(records: Sequence[SessionRecord]) -> bool:
    """Whether all rounds have a probe, and all of it is of one kind, so that sessions can be compared by it."""
    kinds = {record.probe for record in records}
    return len(kinds) == 1 and all(one.probe_s for record in records for one in record.rounds)


def steadied(reading: Reading, found: Powers) -> Reading:
    """``reading`` at one CPU in use and a probe of one second: comparable between rounds of other conditions."""

    def read(one: Round) -> float | None:
        used, value = use(one), reading(one)
        if not used or not value:
            return value
        probe_s = one.probe_s if one.probe_s and found.probe else 1.0
        return float(value * used**found.use / probe_s**found.probe)

    return read


def lower_quartile(values: Sequence[float]) -> float:
    return float(np.quantile(values, 0.25))


def level(record: SessionRecord, reading: Reading, place: Callable[[Sequence[float]], float]) -> Level | None:
    """The session's level of ``reading``: where the logs of its undisturbed rounds lie, by ``place`` (a median, say).

    None if it has too few of them.
    """
    rounds = undisturbed(record.rounds)
    values = [math.log(value) for one in rounds if (value := reading(one))]
    if len(values) < min(MIN_ROUNDS, max(1, len(record.rounds))):
        return None
    probes = [one.probe_s for one in record.rounds if one.probe_s]
    control = math.log(min(probes)) if probes else None
    return Level(place(values), control, len(values), record.measured_s, record.probe)


def load_level(record: SessionRecord) -> Level | None:
    """The level of the session's load time."""
    return Level(math.log(record.load_s), None, TYPICAL_ROUNDS, record.measured_s) if record.load_s else None
