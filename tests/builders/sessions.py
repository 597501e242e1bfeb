"""Sessions for tests of the judging."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from perf.records.session_record import Record, Round

DAY_S = 86400.0


def session(
    latencies_s: Iterable[float], *, day: int = 1, pressure: float = 0.0, use: float = 2.0, **columns: float
) -> Record:
    """A session of these latencies, with ``pressure`` as a share of the time and ``use`` in CPUs."""
    rounds = [Round(latency_s=one, cpu_s=use * one, cpu_pressure_s=pressure * one, **columns) for one in latencies_s]
    return Record(recorded=f"2026-11-{day:02}T01:00:00+00:00", load_s=5.0, rounds=tuple(rounds))


def sessions(count: int, *, seed: int, slowdown: float = 0.0, sd: float = 0.01, days: bool = False) -> list[Record]:
    """``count`` sessions of five rounds around 10 s: ``sd`` from session to session, as much from round to round."""
    generator = np.random.default_rng(seed)
    levels = math.log(10 * (1 + slowdown)) + generator.normal(0, sd, count)
    rounds = levels[:, None] + generator.normal(0, sd, (count, 5))
    return [session(np.exp(row).tolist(), day=1 + n if days else 1) for n, row in enumerate(rounds)]
