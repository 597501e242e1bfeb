"""A row of a run taken into a baseline: which of its rounds, in place of what, and for which reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from perf.errors import BadRecord
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey, Json
from perf.gate.baseline_row import BaselineRow
from perf.gate.recipe import check_recipe
from perf.measure.settings import SESSIONS_KEPT
from perf.records.session_record import SessionRecord
from perf.stats.level import Powers, undisturbed
from perf.stats.watch import LATENCY


def usable(sessions: Iterable[SessionRecord]) -> list[SessionRecord]:
    """Return the sessions without the rounds that other work disturbed; those with too few rounds left are dropped."""
    # Asked of the whole session: one that is left with a single round would pass for one that was to have no more.
    readable = [session for session in sessions if LATENCY.levels([session], Powers())]
    return [replace(session, rounds=tuple(undisturbed(session.rounds))) for session in readable]


def accept(
    old: Baseline | None,
    *,
    key: BaselineKey,
    particulars: Json,
    name: str,
    row: BaselineRow,
    why: str,
    when: str,
    afresh: bool,
) -> Baseline:
    """Return ``old`` with the row's sessions added, or in place of those it had.

    They take the place if ``afresh``, or if another stack or another specification measured the old ones: a row of a
    baseline is of one stack. Raises BadRecord if ``old`` has faults, which writing would lose, or if the stack's
    packages are not such that a baseline may name them.
    """
    check_recipe(row.stack)
    if old and old.faults:
        fault = next(iter(old.faults.values()))
        raise BadRecord(fault.field, f"{fault.reason}; fix or remove the row before the file is written")
    rows = dict(old.rows) if old else {}
    kept = rows.get(name)
    if kept and not afresh and (kept.variant, kept.stack) == (row.variant, row.stack):
        row = replace(row, sessions=(kept.sessions + row.sessions)[-SESSIONS_KEPT:])
    change = {"when": when, "why": why, "rows": [name]}
    return Baseline(
        key=key,
        particulars=particulars,
        changes=_with_change(old.changes if old else (), change),
        rows=rows | {name: row},
        faults={},
    )


def _with_change(changes: tuple[Json, ...], change: Json) -> tuple[Json, ...]:
    """Append a change; rows accepted with the same reason at the same time share an entry."""
    if not changes or (changes[-1]["when"], changes[-1]["why"]) != (change["when"], change["why"]):
        return (*changes, change)
    rows = sorted({*changes[-1]["rows"], *change["rows"]})
    return (*changes[:-1], {**changes[-1], "rows": rows})
