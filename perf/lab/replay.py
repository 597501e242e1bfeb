"""The gate's part of a run, replayed: rows judged as one ladder, and fresh sessions for those that may be slower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perf.lab.scores import TrialResult
from perf.lab.trials import Division, slowed
from perf.records.session_record import SessionRecord
from perf.stats.ladder_decision import judge_ladder
from perf.stats.verdict import Verdict

ROW = "row"


def judge_alone(division: Division, percent: float) -> TrialResult:
    """Judge one row, whose fresh sessions are ``percent`` slower, as a ladder of its own."""
    return judge_rows({ROW: division}, {ROW: percent})[ROW]


def judge_rows(divisions: Mapping[str, Division], percents: Mapping[str, float]) -> dict[str, TrialResult]:
    """Judge a ladder as the gate does: all rows, and again while a row that may be slower can have a fresh session.

    Args:
        divisions: each row's baseline and fresh sessions; as many are used as the row with the fewest has.
        percents: how much slower the fresh sessions of each row are to be.

    Returns:
        What was decided of each row in the end.
    """
    looks = min(len(division.fresh) for division in divisions.values())
    fresh = {
        name: [slowed(session, percents[name]) for session in division.fresh[:looks]]
        for name, division in divisions.items()
    }
    counts = dict.fromkeys(divisions, 1)
    verdicts = _judge(divisions, fresh, counts)
    while suspected := [name for name, verdict in verdicts.items() if verdict.suspicious and counts[name] < looks]:
        for name in suspected:
            counts[name] += 1
        verdicts = _judge(divisions, fresh, counts)
    return {
        name: TrialResult.of(verdict.kind, len(divisions[name].baseline), fresh[name][: counts[name]])
        for name, verdict in verdicts.items()
    }


def _judge(
    divisions: Mapping[str, Division], fresh: Mapping[str, Sequence[SessionRecord]], counts: Mapping[str, int]
) -> dict[str, Verdict]:
    """Judge all rows by the first ``counts`` of their fresh sessions. No software has changed."""
    return judge_ladder(
        {name: division.reference for name, division in divisions.items()},
        {name: sessions[: counts[name]] for name, sessions in fresh.items()},
        same_software=set(divisions),
        looks=min(map(len, fresh.values())),
    )
