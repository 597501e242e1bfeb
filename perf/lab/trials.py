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

from perf.records.session_record import Round, SessionRecord
from perf.stats.decision import BaselineLevels
from perf.stats.verdict import MAX_SESSIONS

BASELINE_SESSIONS = 20
SEED = 20230328
ORDERS = ("shuffled", "recorded", "next-night")
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Trial:
    """One division of a series, without a slowdown yet."""

    baseline: Sequence[SessionRecord]
    fresh: Sequence[SessionRecord]

    @functools.cached_property
    def reference(self) -> BaselineLevels:
        """The baseline, read once for all slowdowns."""
        return BaselineLevels.of(self.baseline)


def draw(series: Sequence[SessionRecord], trials: int, order: str) -> Iterator[Trial]:
    """Divide the series ``trials`` times, at random but always alike. ``order`` is one of ORDERS."""
    generator = np.random.default_rng(SEED)
    fresh_count = min(MAX_SESSIONS, (len(series) + 1) // 2)
    for _ in range(trials):
        if order == "shuffled":
            shuffled = generator.permutation(len(series)).tolist()
            fresh, others = shuffled[:fresh_count], shuffled[fresh_count:]
        else:
            start = int(generator.integers(len(series) - fresh_count + 1))
            fresh = list(range(start, start + fresh_count))
            others = generator.permutation([n for n in range(len(series)) if n not in fresh]).tolist()
        later = DAY if order == "next-night" else datetime.timedelta()
        yield Trial(
            baseline=[series[n] for n in others[:BASELINE_SESSIONS]], fresh=[dated(series[n], later) for n in fresh]
        )


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
