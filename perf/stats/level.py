"""The level of a session: one number for its rounds, without the disturbed ones and without what the machine added.

Four things are known about the noise of a shared machine, all from recorded identical sessions:

- A round during which something else ran shows CPU pressure, and is not a measurement. It is set aside.
- Rounds differ by waiting: when one thread of a parallel loop is held up (by a neighbour on the same host, say), the
  others wait for it, so that latency rises while the CPUs in use fall.
- Rounds differ by the machine's own speed, which may change by a tenth from one minute to the next. The probe around
  a round (perf.worker.probe) shows it. How much latency follows either is learnt within the baseline's sessions,
  where no software can have changed.
- What is left makes rounds slower and hardly ever faster, so that the lower quartile is steadier than the median.

The corrections are of the rounds' noise, and blind to a change that makes threads wait or one round in three slow. So
the gate reads the plain median too (perf.stats.watch).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from perf.records.session_record import Round, SessionRecord

# Of the recorded rounds, nearly all that ran alone had under 4 % of pressure; those with a busy process, 8 to 49 %.
PRESSURE_SHARE = 0.05
PRESSURE_FLOOR_S = 0.010  # a few time slices, which any short generation may lose
USE_SHARE = 0.92  # where the kernel does not account pressure: of the CPUs in use in the session's best round

MIN_ROUNDS = 2  # undisturbed, for a session to be read, unless it has but one round
TYPICAL_ROUNDS = 5  # with so many, half of a level's variance comes from its rounds, half from its session

ROUND_SD = 0.02  # of log latency, given use and probe, before any data
ROUND_SD_WORTH = 4.0  # rounds
PASSES = 4  # between the powers and the noise; a fifth changes neither by a hundredth

Floats = NDArray[np.float64]
Reading = Callable[[Round], float | None]


@dataclass(frozen=True)
class Powers:
    """The exponents by which latency follows the machine: (CPUs in use) ** -use * (probe's time) ** probe.

    The defaults are the prior: only the CPU time matters, and the probe does not.
    """

    use: float = 1.0
    probe: float = 0.0


# How sure the prior is. The probe's power was small wherever enough rounds were recorded to tell (0.03 to 0.2), and a
# probe may be half as slow again on its own, which few rounds would take for the machine's speed.
PRIOR_SD = Powers(use=1.0, probe=0.15)
MOST = Powers(use=4.0, probe=3.0)


@dataclass(frozen=True)
class Level:
    """One session's level: the log of seconds or bytes, of ``rounds`` rounds, measured at ``measured_s`` since 1970.

    ``log_probe_s`` is the log of the seconds of the session's fastest machine probe, None if there was none;
    ``probe_name`` names its kind. ``log_cpus_used`` is the mean log of the CPUs in use, of a level from which waiting
    was taken out; None for any other.
    """

    value: float
    log_probe_s: float | None
    rounds: int
    measured_s: float = 0.0
    probe_name: str | None = None
    log_cpus_used: float | None = None

    @property
    def weight(self) -> float:
        """Inverse variance relative to a session of TYPICAL_ROUNDS rounds."""
        return 2 / (1 + TYPICAL_ROUNDS / self.rounds)


def undisturbed(rounds: Sequence[Round]) -> list[Round]:
    """Return the rounds of one session during which nothing else ran, as far as the kernel tells."""
    best = best_use(rounds)
    return [timed for timed in rounds if not disturbed(timed, best)]


def disturbed(timed: Round, best_use: float) -> bool:
    """Tell whether something else ran during this round.

    ``best_use`` is that of the round's session, in CPUs. It decides only where the kernel does not account pressure.
    """
    if timed.cpu_pressure_s is not None:
        return timed.cpu_pressure_s > PRESSURE_SHARE * timed.latency_s + PRESSURE_FLOOR_S
    used = cpus_used(timed)
    return used is not None and used < USE_SHARE * best_use


def best_use(rounds: Iterable[Round]) -> float:
    """Return the CPUs in use in the round that used most of them; 0 where no CPU time was recorded."""
    return max((cpus_used(timed) or 0.0 for timed in rounds), default=0.0)


def cpus_used(timed: Round) -> float | None:
    """Return the CPUs in use, on average over the generation; None where no CPU time was recorded."""
    return timed.cpu_s / timed.latency_s if timed.cpu_s else None


def learn_powers(records: Sequence[SessionRecord], *, probed: bool = True) -> Powers:
    """Learn how latency goes with the CPUs in use and with the probe, within sessions of the same software.

    Least squares on logs, each session less its mean, drawn towards the prior. How far it is drawn, the noise of the
    rounds decides, which is estimated with the powers: Lindley and Smith, "Bayes estimates for the linear model",
    JRSS B 34 (1972), by iteration.

    Args:
        records: the sessions; their disturbed rounds are left out, and so are rounds without CPU time.
        probed: whether the probe may be used; without it, its power is 0.
    """
    sessions = []
    for record in records:
        rounds = [timed for timed in undisturbed(record.rounds) if cpus_used(timed)]
        if len(rounds) >= MIN_ROUNDS:
            sessions.append(rounds)
    if not sessions:
        return Powers()
    log_conditions = _log_use_and_probe if probed else _log_use_alone
    columns = np.vstack([_centred([log_conditions(timed) for timed in rounds]) for rounds in sessions])
    values = np.concatenate([_centred([math.log(timed.latency_s) for timed in rounds]) for rounds in sessions])
    return _fit_towards_prior(columns, values, dof=len(values) - len(sessions))


def _log_use_and_probe(timed: Round) -> tuple[float, float]:
    return -math.log(cpus_used(timed) or 1.0), math.log(timed.probe_s or 1.0)


def _log_use_alone(timed: Round) -> tuple[float, float]:
    return -math.log(cpus_used(timed) or 1.0), 0.0


def _fit_towards_prior(columns: Floats, values: Floats, dof: int) -> Powers:
    """Fit ``values`` by ``columns``, of shape (rounds, 2), within MOST. ``dof``: how many of the values are free."""
    prior = _vector(Powers())
    prior_sd = _vector(PRIOR_SD)
    noise_sd = ROUND_SD / 10  # data that agree with each other are to be heard before the prior
    for _ in range(PASSES):
        precision = np.diag((noise_sd / prior_sd) ** 2)
        fitted = np.linalg.solve(columns.T @ columns + precision, columns.T @ values + precision @ prior)
        residuals = values - columns @ fitted
        noise_sd = math.sqrt((ROUND_SD_WORTH * ROUND_SD**2 + residuals @ residuals) / (ROUND_SD_WORTH + dof))
    use_power, probe_power = np.clip(fitted, 0.0, _vector(MOST)).tolist()
    return Powers(use=use_power, probe=probe_power)


def _vector(powers: Powers) -> Floats:
    return np.array([powers.use, powers.probe])


def _centred(values: Sequence[object]) -> Floats:
    """Return the values, or rows of them, less their means."""
    array = np.array(values, dtype=np.float64)
    centred: Floats = array - array.mean(axis=0)
    return centred


def have_one_probe(records: Sequence[SessionRecord]) -> bool:
    """Tell whether all rounds have a probe, and all sessions the same kind, so that it can compare them."""
    kinds = {record.probe for record in records}
    return len(kinds) == 1 and all(timed.probe_s for record in records for timed in record.rounds)


def steadied(reading: Reading, powers: Powers) -> Reading:
    """Return ``reading`` scaled to one CPU in use and a probe of one second, by which unlike rounds compare."""

    def read(timed: Round) -> float | None:
        used, value = cpus_used(timed), reading(timed)
        if not used or not value:
            return value
        steady = value * used**powers.use
        if timed.probe_s and powers.probe:
            steady /= timed.probe_s**powers.probe
        return float(steady)

    return read


def lower_quartile(values: Sequence[float]) -> float:
    """Return the quantile at 1/4, interpolated linearly."""
    return float(np.quantile(values, 0.25))


def level(record: SessionRecord, reading: Reading, location: Callable[[Sequence[float]], float]) -> Level | None:
    """Return the session's level, on a log scale; None if it has too few undisturbed rounds with this reading.

    Args:
        record: the session.
        reading: what to read of each round, a positive number or None.
        location: where the logs of these numbers lie, a median for example.
    """
    values = [math.log(value) for timed in undisturbed(record.rounds) if (value := reading(timed))]
    needed = MIN_ROUNDS if len(record.rounds) > 1 else 1
    if len(values) < needed:
        return None
    probes_s = [timed.probe_s for timed in record.rounds if timed.probe_s]
    log_probe_s = math.log(min(probes_s)) if probes_s else None
    return Level(location(values), log_probe_s, len(values), record.measured_s, record.probe)


def steadied_level(record: SessionRecord, reading: Reading, powers: Powers) -> Level | None:
    """Return the session's level with waiting and the machine's speed taken out, else as ``level`` does."""
    steady = level(record, steadied(reading, powers), lower_quartile)
    if steady is None:
        return None
    logs = [math.log(cpus) for timed in undisturbed(record.rounds) if (cpus := cpus_used(timed))]
    return replace(steady, log_cpus_used=statistics.fmean(logs) if logs else None)


def load_level(record: SessionRecord) -> Level | None:
    """Return the level of the session's load time, on a log scale; None where it was not recorded."""
    if not record.load_s:
        return None
    return Level(math.log(record.load_s), None, TYPICAL_ROUNDS, record.measured_s)
