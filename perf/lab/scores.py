"""What many trials of a rule add up to: the shares of each verdict, and the sessions that it took."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from perf.records.session_record import SessionRecord
from perf.stats.verdict import VerdictKind


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What a rule decided in one trial, and the new sessions that it took: how many, their rounds, their time."""

    kind: VerdictKind
    baseline_sessions: int
    sessions: int
    rounds: int
    seconds: float

    @classmethod
    def of(cls, kind: VerdictKind, baseline_sessions: int, new: Sequence[SessionRecord]) -> Self:
        """Return the result of a trial that took these new sessions."""
        loading_s = sum(session.load_s or 0.0 for session in new)
        return cls(
            kind=kind,
            baseline_sessions=baseline_sessions,
            sessions=len(new),
            rounds=sum(len(session.rounds) for session in new),
            seconds=loading_s + sum(timed.latency_s for session in new for timed in session.rounds),
        )


class Judged(StrEnum):
    """Whose verdicts are counted: those of a series alone count as a slower row's."""

    SLOWED = "slower rows"
    OTHERS = "other rows"
    MACHINE = "machine"


@dataclass(frozen=True, kw_only=True)
class Score:
    """One rule on one series, or on a ladder of several, in one order, at one slowdown.

    Shares are of the verdicts, the means are per verdict, of which each trial has one per row that is ``judged``. The
    shares add up to 1. Of slower rows, ``unchanged_share`` is that of the silent misses; where nothing was planted, and
    of other rows, ``regressed_share`` is that of the false alarms. Of the machine, it is how often it was called
    slower. ``baseline_sessions`` is how many each trial compared with, at most. The slowdown was planted in
    ``slowed_rows`` of the ladder's ``rows``.
    """

    series: str
    order: str
    rule: str
    slowdown_percent: float
    regressed_share: float
    undecided_share: float
    unchanged_share: float
    improved_share: float
    disturbed_share: float
    rounds_mean: float
    sessions_mean: float
    seconds_mean: float
    baseline_sessions: int
    trials: int
    judged: Judged = Judged.SLOWED
    rows: int = 1
    slowed_rows: int = 1

    @classmethod
    def of(cls, series: str, order: str, rule: str, percent: float, results: Sequence[TrialResult]) -> Self:
        """Sum up what a rule decided of a row in all trials at one slowdown."""
        return cls(
            series=series,
            order=order,
            rule=rule,
            slowdown_percent=percent,
            regressed_share=share_of(VerdictKind.REGRESSED, results),
            undecided_share=share_of(VerdictKind.UNDECIDED, results),
            unchanged_share=share_of(VerdictKind.UNCHANGED, results),
            improved_share=share_of(VerdictKind.IMPROVED, results),
            disturbed_share=share_of(VerdictKind.DISTURBED, results),
            rounds_mean=statistics.fmean(result.rounds for result in results),
            sessions_mean=statistics.fmean(result.sessions for result in results),
            seconds_mean=statistics.fmean(result.seconds for result in results),
            baseline_sessions=max(result.baseline_sessions for result in results),
            trials=len(results),
        )

    @property
    def is_of_a_slower_row(self) -> bool:
        """Whether it is of one slower row, which is alone or beside others: what the summary and the picture show."""
        return self.judged is Judged.SLOWED and self.slowed_rows == 1

    def to_json(self) -> dict[str, Any]:
        """Return the score as JSON types."""
        return asdict(self)


def share_of(kind: VerdictKind, results: Sequence[TrialResult]) -> float:
    """Return the share of the trials that ended with this verdict."""
    return sum(result.kind is kind for result in results) / len(results)
