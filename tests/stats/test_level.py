"""The level of a session: without disturbed rounds, waiting and the machine's speed, and with all the rest."""

from __future__ import annotations

import dataclasses
import math
import statistics
from operator import attrgetter

import numpy as np
import pytest

from perf.records.session_record import Round, SessionRecord
from perf.stats.level import (
    MOST,
    Powers,
    disturbed,
    have_one_probe,
    learn_powers,
    level,
    lower_quartile,
    steadied,
    undisturbed,
)
from tests.builders.sessions import on_a_machine_of_two_speeds, session

READING = attrgetter("latency_s")


@pytest.mark.parametrize(
    ("latency_s", "pressure_s", "is_disturbed"),
    [(4.8, 0.05, False), (4.8, 0.24, False), (4.8, 0.3, True), (0.16, 0.012, False), (0.16, 0.05, True)],
)
def test_pressure_gives_a_disturbed_round_away(latency_s: float, pressure_s: float, is_disturbed: bool) -> None:
    assert disturbed(Round(latency_s=latency_s, cpu_s=1.0, cpu_pressure_s=pressure_s), best_use=2.0) is is_disturbed


def test_without_pressure_the_use_of_the_cpus_does() -> None:
    rounds = [Round(latency_s=5, cpu_s=9.9), Round(latency_s=8, cpu_s=10), Round(latency_s=5, cpu_s=9.5)]
    assert undisturbed(rounds) == [rounds[0], rounds[2]]


def test_where_nothing_is_known_all_rounds_count() -> None:
    rounds = [Round(latency_s=5), Round(latency_s=8)]
    assert undisturbed(rounds) == rounds


def waiting(power: float, seed: int, sessions: int = 10) -> list[SessionRecord]:
    """Make sessions whose rounds are slower by ``power`` times the log of the CPUs they left unused."""
    generator = np.random.default_rng(seed)
    records = []
    for _ in range(sessions):
        uses = 2 * (1 - generator.uniform(0, 0.05, 6))
        latencies = 5 * (2 / uses) ** power * np.exp(generator.normal(0, 0.002, 6))
        rounds = zip(latencies.tolist(), uses.tolist(), strict=True)
        records.append(
            SessionRecord(
                recorded="2026-11-01T00:00:00+00:00",
                load_s=None,
                rounds=tuple(Round(latency_s=t, cpu_s=t * use, cpu_pressure_s=0.0) for t, use in rounds),
            )
        )
    return records


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0, 3.0])
def test_the_power_of_waiting_is_learnt(power: float) -> None:
    powers = learn_powers(waiting(power, seed=1))
    assert powers.use == pytest.approx(power, abs=0.15)
    assert powers.probe == 0.0


@pytest.mark.parametrize("power", [0.0, 0.5, 1.5])
def test_the_power_of_the_machines_speed_is_learnt(power: float) -> None:
    series = on_a_machine_of_two_speeds(power, seed=1)
    assert learn_powers(series).probe == pytest.approx(power, abs=0.1)
    assert learn_powers(series, probed=False).probe == 0.0


def test_with_nothing_to_learn_from_the_prior_speaks() -> None:
    assert learn_powers([]) == Powers()
    assert learn_powers([session([1.0, 2.0, 3.0])]) == Powers()


def test_the_powers_stay_within_reason() -> None:
    assert learn_powers(waiting(40.0, seed=2)).use == MOST.use
    assert learn_powers(waiting(-5.0, seed=2)).use == 0.0
    assert learn_powers(on_a_machine_of_two_speeds(5.0, seed=2)).probe == MOST.probe


def test_waiting_is_taken_out() -> None:
    (calm, noisy) = waiting(2.0, seed=3, sessions=2)
    plain = [np.std([math.log(timed.latency_s) for timed in record.rounds]) for record in (calm, noisy)]
    read_steadily = steadied(READING, Powers(use=2.0))
    steady = [np.std([math.log(read_steadily(timed) or 1) for timed in record.rounds]) for record in (calm, noisy)]
    assert max(steady) < min(plain) / 3


def test_the_machines_speed_is_taken_out() -> None:
    series = on_a_machine_of_two_speeds(1.5, seed=3)
    read_steadily = steadied(READING, learn_powers(series))
    plain = [known.value for record in series if (known := level(record, READING, lower_quartile))]
    steady = [known.value for record in series if (known := level(record, read_steadily, lower_quartile))]
    assert np.std(steady) < np.std(plain) / 3


def test_probes_are_compared_only_with_their_kind() -> None:
    series = on_a_machine_of_two_speeds(1.0, seed=4, sessions=3)
    other = dataclasses.replace(series[0], probe="another numpy")
    without = dataclasses.replace(series[0], rounds=(Round(latency_s=5.0, probe_s=0.035), Round(latency_s=5.0)))
    assert have_one_probe(series)
    assert not have_one_probe([*series, other])
    assert not have_one_probe([*series, without])
    assert not have_one_probe([without])


def test_the_median_of_the_undisturbed_rounds() -> None:
    record = session([1.0, math.e, math.e**2, 50.0])
    record = SessionRecord(
        recorded=record.recorded,
        load_s=None,
        rounds=(*record.rounds[:3], Round(latency_s=50.0, cpu_pressure_s=25.0)),
    )
    read = level(record, READING, statistics.median)
    assert read is not None
    assert read.value == pytest.approx(1.0)
    assert (read.log_probe_s, read.rounds) == (None, 3)


def test_one_good_round_is_not_enough() -> None:
    rounds = (Round(latency_s=1.0, cpu_pressure_s=0.0), Round(latency_s=2.0, cpu_pressure_s=1.0))
    record = SessionRecord(recorded="2026-11-01T00:00:00+00:00", load_s=None, rounds=rounds)
    assert level(record, READING, statistics.median) is None


def test_the_fastest_probe_is_the_control() -> None:
    rounds = tuple(Round(latency_s=1.0, probe_s=probe_s) for probe_s in (0.07, 0.05, 0.09))
    record = SessionRecord(recorded="2026-11-01T00:00:00+00:00", load_s=None, rounds=rounds)
    read = level(record, READING, lower_quartile)
    assert read is not None
    assert read.log_probe_s == math.log(0.05)
