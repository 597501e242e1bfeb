"""Trials: sessions of a recorded series, drawn as a baseline and as new ones, with a slowdown planted in the new.

A trial draws without putting any session back: fresh ones for the gate to ask for, up to its limit, and others for its
baseline. The slowdown is planted as work: wall time and CPU time grow together.

There are three orders. ``shuffled``: fresh sessions come from anywhere in the series, as in a ladder, where other
rows' sessions lie between them. ``recorded``: they are neighbours in time, so a drift looks like a slowdown.
``next-night``: neighbours, dated a day later.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from perf.errors import BadSeries
from perf.records.session_record import Round, SessionRecord
from perf.stats.decision import BaselineLevels
from perf.stats.verdict import MAX_SESSIONS, counted

BASELINE_SESSIONS = 20
MIN_SESSIONS = 2
SEED = 20230328
ORDERS = ("shuffled", "recorded", "next-night")
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Division:
    """A series divided into a baseline and fresh sessions, each in order of time unless shuffled."""

    baseline: Sequence[SessionRecord]
    fresh: Sequence[SessionRecord]

    @functools.cached_property
    def reference(self) -> BaselineLevels:
        """The baseline, read once for all slowdowns."""
        return BaselineLevels.of(self.baseline)


@dataclass(frozen=True)
class Trial:
    """One draw, without a slowdown yet. ``previous`` is the baseline's session for rules that compare two."""

    division: Division
    previous: SessionRecord


def check_length(name: str, series: Sequence[SessionRecord]) -> None:
    """Raise BadSeries unless the series can be divided."""
    if len(series) < MIN_SESSIONS:
        raise BadSeries(f"{name}: holds {counted(len(series))}: a baseline and a new session are needed")


def draw(
    series: Sequence[SessionRecord],
    trials: int,
    order: str,
    *,
    baseline_sessions: int = BASELINE_SESSIONS,
    stream: int = 0,
) -> Iterator[Trial]:
    """Divide the series ``trials`` times, at random but always alike; draws that coincide share their Division.

    Args:
        series: identical sessions, in order of time; at least MIN_SESSIONS.
        trials: how many times to draw.
        order: one of ORDERS.
        baseline_sessions: how many sessions a baseline has at most. Fewer are among those of more.
        stream: which of the independent random numbers to use: series that are drawn together have one each.
    """
    generator = np.random.default_rng([SEED, stream])
    fresh_count = min(MAX_SESSIONS, (len(series) + 1) // 2)
    later = DAY if order == "next-night" else datetime.timedelta()
    divisions: dict[tuple[tuple[int, ...], tuple[int, ...]], Division] = {}
    for _ in range(trials):
        fresh, others = _drawn_numbers(len(series), fresh_count, order, generator)
        old = others[:baseline_sessions]
        key = tuple(sorted(old)), tuple(fresh)
        if key not in divisions:
            divisions[key] = Division([series[n] for n in key[0]], [dated(series[n], later) for n in fresh])
        yield Trial(divisions[key], series[old[0]])


def _drawn_numbers(
    length: int, fresh_count: int, order: str, generator: np.random.Generator
) -> tuple[list[int], list[int]]:
    """Return the numbers of the fresh sessions, and those of all others in random order."""
    if order == "shuffled":
        shuffled = generator.permutation(length).tolist()
        return shuffled[:fresh_count], shuffled[fresh_count:]
    start = int(generator.integers(length - fresh_count + 1))
    fresh = list(range(start, start + fresh_count))
    return fresh, generator.permutation([n for n in range(length) if n not in fresh]).tolist()


def dated(session: SessionRecord, later: datetime.timedelta) -> SessionRecord:
    """Return the session as if it had been measured so much later."""
    recorded = datetime.datetime.fromisoformat(session.recorded) + later
    return replace(session, recorded=recorded.isoformat())


def slowed(session: SessionRecord, percent: float) -> SessionRecord:
    """Return a copy in which every round did ``percent`` more work."""
    factor = 1 + percent / 100

    def scaled(timed: Round) -> Round:
        cpu_s = None if timed.cpu_s is None else timed.cpu_s * factor
        return replace(timed, latency_s=timed.latency_s * factor, cpu_s=cpu_s)

    return replace(session, rounds=tuple(map(scaled, session.rounds)))
