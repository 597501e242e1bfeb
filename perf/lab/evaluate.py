"""How good a rule is: many trials on identical sessions with planted slowdowns, and how often the rule alarms.

The gate may ask for fresh sessions, as it does in a run. The rules of today get one old session and one new one.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perf.errors import BadSeries
from perf.lab.rules import PEERS, TwoSessionRule
from perf.lab.trials import ORDERS, Trial, draw, slowed
from perf.records.session_record import SessionRecord
from perf.stats.decision import judge
from perf.stats.verdict import VerdictKind

SLOWDOWNS_PERCENT = (0, 2, 3, 5, 10)
TRIALS = 400
OURS = "perf"
MIN_SESSIONS = 2
JSON_FIELDS = ("series", "rule", "slowdown_percent", "flagged_share", "rounds_mean", "sessions_mean")


@dataclass(frozen=True)
class TrialResult:
    """What a rule decided in one trial, and the new sessions that it took."""

    kind: VerdictKind
    sessions: Sequence[SessionRecord]

    @property
    def rounds(self) -> int:
        return sum(len(session.rounds) for session in self.sessions)

    @property
    def seconds(self) -> float:
        loading_s = sum(session.load_s or 0.0 for session in self.sessions)
        return loading_s + sum(timed.latency_s for session in self.sessions for timed in session.rounds)


Rule = Callable[[Trial, float], TrialResult]  # of a trial, with a slowdown in percent to plant


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
        """Return the fields that every rule can be compared by."""
        return {name: getattr(self, name) for name in JSON_FIELDS}


def apply_gate(trial: Trial, percent: float) -> TrialResult:
    """Judge as the gate does: by further fresh sessions while there is a suspicion."""
    for count in range(1, len(trial.fresh) + 1):
        sessions = [slowed(session, percent) for session in trial.fresh[:count]]
        verdict = judge(trial.reference, sessions, looks=len(trial.fresh))
        if not verdict.suspicious:
            break
    return TrialResult(verdict.kind, sessions)


def by_two_sessions(alarms: TwoSessionRule) -> Rule:
    """Make a rule of one that compares the latencies of one old and one new session."""

    def apply(trial: Trial, percent: float) -> TrialResult:
        new = slowed(trial.fresh[0], percent)
        old_s = [timed.latency_s for timed in trial.baseline[0].rounds]
        new_s = [timed.latency_s for timed in new.rounds]
        kind = VerdictKind.REGRESSED if alarms(old_s, new_s) else VerdictKind.UNCHANGED
        return TrialResult(kind, [new])

    return apply


RULES: Mapping[str, Rule] = {OURS: apply_gate} | {name: by_two_sessions(alarms) for name, alarms in PEERS.items()}


def evaluate(
    name: str, series: Sequence[SessionRecord], *, trials: int = TRIALS, order: str = ORDERS[0]
) -> list[Score]:
    """Score every rule on one series, at every one of SLOWDOWNS_PERCENT.

    Args:
        name: what to call the series.
        series: identical sessions, in order of time.
        trials: how many times to draw from it.
        order: one of perf.lab.trials.ORDERS.

    Raises:
        BadSeries: it has too few sessions to be divided.
    """
    if len(series) < MIN_SESSIONS:
        raise BadSeries(f"{name}: {len(series)} session: a baseline and a new session are needed")
    drawn = list(draw(series, trials, order))
    return [
        score(name, rule_name, percent, [apply(trial, percent) for trial in drawn])
        for rule_name, apply in RULES.items()
        for percent in SLOWDOWNS_PERCENT
    ]


def score(series: str, rule: str, percent: float, results: Sequence[TrialResult]) -> Score:
    """Sum up what a rule decided in all trials at one slowdown."""

    def share(kind: VerdictKind) -> float:
        return statistics.fmean(result.kind is kind for result in results)

    return Score(
        series=series,
        rule=rule,
        slowdown_percent=percent,
        flagged_share=share(VerdictKind.REGRESSED),
        undecided_share=share(VerdictKind.UNDECIDED),
        disturbed_share=share(VerdictKind.DISTURBED),
        rounds_mean=statistics.fmean(result.rounds for result in results),
        sessions_mean=statistics.fmean(len(result.sessions) for result in results),
        seconds_mean=statistics.fmean(result.seconds for result in results),
    )
