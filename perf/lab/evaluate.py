"""How good a rule is: identical sessions with planted slowdowns, drawn many times, and what each rule says of them.

A trial draws sessions of a recorded series without putting any back: fresh ones for the gate to ask for, up to its
limit, and others for its baseline. The rules of today get one session of either kind. A slowdown is planted in copies
of the fresh ones, as work: wall time and CPU time grow together.

Three orders. ``shuffled``: the fresh sessions lie anywhere in the series, as those of a ladder do, which asks for one
row's between those of others. ``recorded``: they are neighbours in time, so that a drift over the series looks exactly
like a slowdown to a rule that has nothing to tell them apart. ``next-night``: neighbours again, dated a day later, so
that the gate allows for the luck of a night, which the series does not show.
"""

from __future__ import annotations

import datetime
import functools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from perf.errors import BadSeries
from perf.lab.rules import PEERS, Rule
from perf.records.session_record import Round, SessionRecord
from perf.stats.decision import BaselineLevels, judge
from perf.stats.level import Level, Powers, undisturbed
from perf.stats.shift import controls
from perf.stats.verdict import MAX_SESSIONS, VerdictKind
from perf.stats.watch import LATENCY, PLAIN_LATENCY

SLOWDOWNS_PERCENT = (0, 2, 3, 5, 10)
BASELINE_SESSIONS = 20
TRIALS = 400
SEED = 20230328
OURS = "perf"
MIN_SESSIONS = 2
COMPARED = ("series", "rule", "slowdown_percent", "flagged_share", "rounds_mean", "sessions_mean")
ORDERS = ("shuffled", "recorded", "next-night")
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Spent:
    """What a rule said in one trial and what it used up to say so."""

    kind: VerdictKind
    sessions: Sequence[SessionRecord]

    @property
    def rounds(self) -> int:
        return sum(len(session.rounds) for session in self.sessions)

    @property
    def seconds(self) -> float:
        loading = sum(session.load_s or 0.0 for session in self.sessions)
        return loading + sum(one.latency_s for session in self.sessions for one in session.rounds)


@dataclass(frozen=True, kw_only=True)
class Score:
    """One rule on one series at one slowdown. Shares are of the trials; the means are per trial."""

    series: str
    rule: str
    slowdown_percent: float
    flagged_share: float
    undecided_share: float
    disturbed_share: float
    rounds_mean: float
    sessions_mean: float
    seconds_mean: float

    def to_json(self) -> dict[str, Any]:
        """What every rule can be compared by."""
        return {name: getattr(self, name) for name in COMPARED}


@dataclass(frozen=True)
class Noise:
    """How much identical sessions differ: standard deviations of log latency, so about fractions of it.

    ``plain`` is of medians of undisturbed rounds, ``read`` of what the gate reads: waiting and the machine's
    speed taken out.
    ``followed`` is the correlation of the sessions' levels with their probes, 0 where there are none.
    """

    sessions: int
    rounds: int
    disturbed: int
    plain: float
    read: float
    followed: float

    def __str__(self) -> str:
        if self.disturbed == self.rounds:
            return f"{self.sessions} sessions, every round disturbed"
        return (
            f"{self.sessions} sessions, {self.disturbed} of {self.rounds} rounds disturbed\n"
            f"standard deviation of sessions: {100 * self.plain:.1f} % (medians), "
            f"{100 * self.read:.1f} % (as the gate reads them); the probe follows them with r = {self.followed:.2f}"
        )


def noise(series: Sequence[SessionRecord]) -> Noise:
    """The noise of a series of identical sessions."""
    calm = sum(len(undisturbed(record.rounds)) for record in series)
    measured = sum(len(record.rounds) for record in series)
    plain = [one.value for one in PLAIN_LATENCY.levels(series, Powers())]
    levels = BaselineLevels.of(series).levels[LATENCY.name]
    return Noise(len(series), measured, measured - calm, spread(plain), *_beside_the_probe(levels))


def _beside_the_probe(levels: Sequence[Level]) -> tuple[float, float]:
    """What is left of the levels' spread after a straight line over the probes, and the correlation of the two."""
    values = [one.value for one in levels]
    places = controls(levels, len(levels)) if levels else np.zeros(0)
    if not places.any():
        return spread(values), 0.0
    line = stats.linregress(places, values)
    return spread(list(values - line.slope * places)), float(line.rvalue)


def spread(values: Sequence[float]) -> float:
    """Standard deviation, 0 for fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else 0.0


@dataclass(frozen=True)
class Draw:
    """One trial's sessions."""

    baseline: Sequence[SessionRecord]
    fresh: Sequence[SessionRecord]

    @functools.cached_property
    def reference(self) -> BaselineLevels:
        """The baseline, read once for all slowdowns."""
        return BaselineLevels.of(self.baseline)


def evaluate(
    name: str, series: Sequence[SessionRecord], *, trials: int = TRIALS, order: str = ORDERS[0]
) -> list[Score]:
    """Every rule's scores on one series. Raises BadSeries if it has too few sessions to be divided."""
    if len(series) < MIN_SESSIONS:
        raise BadSeries(f"{name}: {len(series)} session: a baseline and a new session are needed")
    draws = list(draw(series, trials, order))
    deciders: dict[str, Decider] = {OURS: by_the_gate}
    deciders |= {rule_name: by_rule(rule) for rule_name, rule in PEERS.items()}
    return [
        score(name, rule_name, percent, [decide(one, percent) for one in draws])
        for rule_name, decide in deciders.items()
        for percent in SLOWDOWNS_PERCENT
    ]


Decider = Callable[[Draw, float], Spent]


def draw(series: Sequence[SessionRecord], trials: int, order: str) -> Iterator[Draw]:
    """``trials`` divisions of the series, seeded."""
    generator = np.random.default_rng(SEED)
    fresh_count = min(MAX_SESSIONS, (len(series) + 1) // 2)
    for _ in range(trials):
        if order == "shuffled":
            shuffled = generator.permutation(len(series))
            fresh, others = shuffled[:fresh_count].tolist(), shuffled[fresh_count:]
        else:
            start = int(generator.integers(len(series) - fresh_count + 1))
            fresh = list(range(start, start + fresh_count))
            others = generator.permutation([n for n in range(len(series)) if n not in fresh])
        later = DAY if order == "next-night" else datetime.timedelta()
        yield Draw([series[n] for n in others[:BASELINE_SESSIONS]], [dated(series[n], later) for n in fresh])


def dated(session: SessionRecord, later: datetime.timedelta) -> SessionRecord:
    """The session as if it had been measured so much later."""
    return replace(session, recorded=(datetime.datetime.fromisoformat(session.recorded) + later).isoformat())


def by_the_gate(trial: Draw, percent: float) -> Spent:
    """Our rule: fresh sessions while there is a suspicion."""
    for count in range(1, len(trial.fresh) + 1):
        sessions = [slowed(session, percent) for session in trial.fresh[:count]]
        verdict = judge(trial.reference, sessions, looks=len(trial.fresh))
        if not verdict.suspicious:
            break
    return Spent(verdict.kind, sessions)


def by_rule(rule: Rule) -> Decider:
    """A rule that compares one session with one other."""

    def decide(trial: Draw, percent: float) -> Spent:
        new = slowed(trial.fresh[0], percent)
        old_s, new_s = ([one.latency_s for one in session.rounds] for session in (trial.baseline[0], new))
        return Spent(VerdictKind.REGRESSED if rule(old_s, new_s) else VerdictKind.UNCHANGED, [new])

    return decide


def slowed(session: SessionRecord, percent: float) -> SessionRecord:
    """A copy in which every round did ``percent`` more work."""
    factor = 1 + percent / 100

    def scaled(one: Round) -> Round:
        return replace(one, latency_s=one.latency_s * factor, cpu_s=one.cpu_s and one.cpu_s * factor)

    return replace(session, rounds=tuple(map(scaled, session.rounds)))


def score(series: str, rule: str, percent: float, spent: Sequence[Spent]) -> Score:
    def share(kind: VerdictKind) -> float:
        return statistics.fmean(one.kind is kind for one in spent)

    return Score(
        series=series,
        rule=rule,
        slowdown_percent=percent,
        flagged_share=share(VerdictKind.REGRESSED),
        undecided_share=share(VerdictKind.UNDECIDED),
        disturbed_share=share(VerdictKind.DISTURBED),
        rounds_mean=statistics.fmean(one.rounds for one in spent),
        sessions_mean=statistics.fmean(len(one.sessions) for one in spent),
        seconds_mean=statistics.fmean(one.seconds for one in spent),
    )
