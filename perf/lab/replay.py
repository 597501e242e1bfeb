"""The gate's part of a run, replayed: rows judged as one ladder, and fresh sessions for those that may be slower."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from perf.lab.scores import TrialResult
from perf.lab.trials import Division, slowed
from perf.records.session_record import SessionRecord
from perf.stats.ladder_decision import judge_ladder
from perf.stats.machine_verdict import MachineKind, judge_machine
from perf.stats.verdict import Verdict, VerdictKind

ROW = "row"
MACHINE_KINDS = {
    MachineKind.SLOWER: VerdictKind.REGRESSED,
    MachineKind.FASTER: VerdictKind.IMPROVED,
    MachineKind.UNCHANGED: VerdictKind.UNCHANGED,
    MachineKind.NOT_TOLD: VerdictKind.UNDECIDED,
}


@dataclass(frozen=True)
class LadderResult:
    """What was decided of each row of a ladder, by name, and of the machine."""

    rows: Mapping[str, TrialResult]
    machine: TrialResult


def judge_alone(division: Division, percent: float) -> TrialResult:
    """Judge one row, whose fresh sessions are ``percent`` slower, as a ladder of its own."""
    return judge_rows({ROW: division}, {ROW: percent}).rows[ROW]


def judge_rows(divisions: Mapping[str, Division], percents: Mapping[str, float]) -> LadderResult:
    """Judge a ladder as the gate does: all rows, and again while a row that may be slower can have a fresh session.

    Args:
        divisions: each row's baseline and fresh sessions; as many are used as the row with the fewest has.
        percents: how much slower the fresh sessions of each row are to be.

    Returns:
        What was decided of each row in the end, and of the machine.
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
    measured = {name: fresh[name][: counts[name]] for name in divisions}
    rows = {
        name: TrialResult.of(verdict.kind, len(divisions[name].baseline), measured[name])
        for name, verdict in verdicts.items()
    }
    references = {name: division.reference for name, division in divisions.items()}
    machine = MACHINE_KINDS[judge_machine(references, measured).kind]
    return LadderResult(rows, machine_result(machine, rows.values()))


def machine_result(kind: VerdictKind, rows: Collection[TrialResult]) -> TrialResult:
    """Return what was decided of the machine, which took the sessions of all rows."""
    return TrialResult(
        kind=kind,
        baseline_sessions=max(row.baseline_sessions for row in rows),
        sessions=sum(row.sessions for row in rows),
        rounds=sum(row.rounds for row in rows),
        seconds=sum(row.seconds for row in rows),
    )


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
