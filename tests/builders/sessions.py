"""Sessions for tests of the judging."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from perf.records.session_record import Round, SessionRecord

DAY_S = 86400.0


def session(
    latencies_s: Iterable[float], *, day: int = 1, pressure: float = 0.0, use: float = 2.0, **columns: float
) -> SessionRecord:
    """Return a session of these latencies, with ``pressure`` as a share of the time and ``use`` in CPUs."""
    rounds = [
        Round(latency_s=latency_s, cpu_s=use * latency_s, cpu_pressure_s=pressure * latency_s, **columns)
        for latency_s in latencies_s
    ]
    return SessionRecord(recorded=f"2026-11-{day:02}T01:00:00+00:00", load_s=5.0, rounds=tuple(rounds))


def sessions(
    count: int, *, seed: int, slowdown: float = 0.0, sd: float = 0.01, days: bool = False, night: int = 1
) -> list[SessionRecord]:
    """Return ``count`` sessions of five rounds around 10 s: ``sd`` between sessions, and as much between rounds.

    They are of one day of the month, ``night``, or of as many ``days`` from it.
    """
    generator = np.random.default_rng(seed)
    levels = math.log(10 * (1 + slowdown)) + generator.normal(0, sd, count)
    rounds = levels[:, None] + generator.normal(0, sd, (count, 5))
    return [session(np.exp(row).tolist(), day=night + n if days else night) for n, row in enumerate(rounds)]


def counted(
    records: Iterable[SessionRecord],
    *,
    instructions: float = 1e11,
    clock: float = 1.2,
    misses: float = 1e8,
    seed: int = 0,
    sd: float = 0.001,
) -> list[SessionRecord]:
    """Return the sessions with counts: reference cycles of 2 GHz, and so many instructions, ``sd`` between sessions.

    ``clock`` is what cycles are of the reference cycles.
    """
    generator = np.random.default_rng(seed)
    return [_with_counts(record, instructions * math.exp(generator.normal(0, sd)), clock, misses) for record in records]


def _with_counts(record: SessionRecord, instructions: float, clock: float, misses: float) -> SessionRecord:
    rounds = []
    for timed in record.rounds:
        assert timed.cpu_s is not None
        cycles = 2e9 * timed.cpu_s
        rounds.append(
            replace(
                timed,
                instructions=instructions,
                cycles=clock * cycles,
                reference_cycles=cycles,
                cache_misses=misses,
                page_faults=1000,
            )
        )
    return replace(record, rounds=tuple(rounds))


def on_a_machine_of_two_speeds(power: float, seed: int, sessions: int = 10) -> list[SessionRecord]:
    """Return sessions in which the probe takes 7 % longer now and then, and latency goes with it by ``power``."""
    generator = np.random.default_rng(seed)
    records = []
    for _ in range(sessions):
        probes_s = 0.035 * np.where(generator.random(6) < 0.4, 1.07, 1.0)
        latencies_s = 5 * (probes_s / 0.035) ** power * np.exp(generator.normal(0, 0.002, 6))
        columns = zip(latencies_s.tolist(), probes_s.tolist(), strict=True)
        rounds = tuple(Round(latency_s=t, cpu_s=2 * t, cpu_pressure_s=0.0, probe_s=probe_s) for t, probe_s in columns)
        records.append(SessionRecord(recorded="2026-11-01T00:00:00+00:00", load_s=None, rounds=rounds, probe="numpy"))
    return records
