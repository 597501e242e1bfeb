"""How good a rule is: many trials on identical sessions with planted slowdowns, and what the rule says of each.

The gate may ask for fresh sessions, as it does in a run. The rules of today get one old session and one new one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

from perf.lab.replay import judge_alone
from perf.lab.rules import PEERS, TwoSessionRule
from perf.lab.scores import Score, TrialResult
from perf.lab.trials import BASELINE_SESSIONS, Trial, check_length, draw, slowed
from perf.records.session_record import SessionRecord
from perf.stats.verdict import VerdictKind

SLOWDOWNS_PERCENT = (0, 2, 3, 5, 10)
TRIALS = 400
OURS = "perf"

Rule = Callable[[Trial, float], TrialResult]  # of a trial, with a slowdown in percent to plant


def rules() -> Mapping[str, Rule]:
    """Return every rule by its name, ours first.

    Ours remembers what it said of a division, as most draws from a short series coincide.
    """
    judge_once = functools.cache(judge_alone)

    def apply_gate(trial: Trial, percent: float) -> TrialResult:
        return judge_once(trial.division, percent)

    return {OURS: apply_gate} | {name: by_two_sessions(alarms) for name, alarms in PEERS.items()}


def by_two_sessions(alarms: TwoSessionRule) -> Rule:
    """Make a rule of one that compares the latencies of one old and one new session."""

    def apply(trial: Trial, percent: float) -> TrialResult:
        new = slowed(trial.division.fresh[0], percent)
        old_s = [timed.latency_s for timed in trial.previous.rounds]
        new_s = [timed.latency_s for timed in new.rounds]
        kind = VerdictKind.REGRESSED if alarms(old_s, new_s) else VerdictKind.UNCHANGED
        return TrialResult.of(kind, 1, [new])

    return apply


def evaluate(
    name: str,
    series: Sequence[SessionRecord],
    order: str,
    *,
    trials: int = TRIALS,
    baseline_sessions: int = BASELINE_SESSIONS,
) -> list[Score]:
    """Score every rule on one series in one order, at every one of SLOWDOWNS_PERCENT by the same draws.

    Args:
        name: what to call the series.
        series: identical sessions, in order of time.
        order: one of perf.lab.trials.ORDERS.
        trials: how many times to draw from it.
        baseline_sessions: how many sessions a baseline has at most.

    Raises:
        BadSeries: it has too few sessions to be divided.
    """
    check_length(name, series)
    drawn = list(draw(series, trials, order, baseline_sessions=baseline_sessions))
    return [
        Score.of(name, order, rule, percent, [apply(trial, percent) for trial in drawn])
        for rule, apply in rules().items()
        for percent in SLOWDOWNS_PERCENT
    ]
