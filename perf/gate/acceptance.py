"""Rows of a run taken into a baseline: which of their rounds, in place of what, and for which reason."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perf.errors import BadBaseline, BadRecord, NotAccepted
from perf.gate import store
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey, Json
from perf.gate.baseline_row import BaselineRow
from perf.gate.proposal import Proposal
from perf.gate.recipe import check_recipe
from perf.measure.settings import SESSIONS_KEPT
from perf.records.session_record import SessionRecord, rounded
from perf.stats.decision import BaselineLevels
from perf.stats.ladder_decision import judge_ladder
from perf.stats.level import Powers, undisturbed
from perf.stats.outlook import Outlook, outlook
from perf.stats.tolerances import Tolerances
from perf.stats.verdict import Verdict, VerdictKind, counted
from perf.stats.watch import LATENCY


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What rows that are taken into a baseline together have in common.

    Attributes:
        key: the machine, model and protocol that they were measured on and with.
        particulars: those of that machine.
        why: the reason, which is kept in the file.
        when: the time, in ISO 8601.
    """

    key: BaselineKey
    particulars: Json
    why: str
    when: str


def usable(sessions: Iterable[SessionRecord]) -> list[SessionRecord]:
    """Return the sessions without the rounds that other work disturbed; those with too few rounds left are dropped."""
    # Asked of the whole session: one that is left with a single round would pass for one that was to have no more.
    readable = [session for session in sessions if LATENCY.levels([session], Powers())]
    return [replace(session, rounds=tuple(undisturbed(session.rounds))) for session in readable]


def record(path: Path, proposals: Sequence[Proposal], occasion: Occasion, tolerances: Tolerances) -> list[str]:
    """Take rows into a baseline file, all of them or none, and return a line for each that says so, with its outlook.

    Args:
        path: the baseline's file, which need not exist.
        proposals: the rows, as they were measured.
        occasion: what all of them have in common.
        tolerances: the slowdowns that the rows are to see.

    Raises:
        NotAccepted: a row is invalid, other work disturbed all of its sessions, or the baseline has them already.
        BadBaseline: the file cannot be read or written.
    """
    accepted = {proposal.name: replace(proposal.row, sessions=acceptable(proposal)) for proposal in proposals}

    def with_all(old: Baseline | None) -> Baseline:
        changed = old
        for proposal in proposals:
            kept = changed.rows.get(proposal.name) if changed else None
            row = accepted[proposal.name]
            refuse_repeated(proposal.name, row, kept, path)
            changed = accept(changed, occasion, proposal.name, row, afresh=verdict_on(proposal, kept).moved)
        assert changed is not None, "there are proposals"
        return changed

    rows = store.update(path, with_all).rows
    outlooks = outlooks_of(accepted, rows, tolerances)
    return [
        f"{name}: {counted(len(row.sessions))} recorded, now {len(rows[name].sessions)} in {path}; {outlooks[name]}"
        for name, row in accepted.items()
    ]


def outlooks_of(names: Iterable[str], rows: Mapping[str, BaselineRow], tolerances: Tolerances) -> dict[str, Outlook]:
    """Return what these rows of a baseline are going to see, by name; each has sessions that can be read."""
    references = {name: BaselineLevels.of(row.sessions) for name, row in rows.items()}
    return {
        name: outlook(name, references, tolerances.of_row(name)[LATENCY.name], kept=SESSIONS_KEPT) for name in names
    }


def why_not_first(folder: Path, key: BaselineKey) -> str | None:
    """Say what keeps a recorded run of this key from beginning a baseline; None if it may, or if there is one.

    The first baseline of a machine may come of a recorded run. Where the machine has baselines already, a run of
    another model or protocol is more likely a mistake. Raises BadBaseline if the baseline cannot be read.
    """
    if store.find(folder, key).baseline:
        return None
    others = keys_of_machine(folder, key)
    if not others:
        return None
    path = min(others, key=lambda path: len(key.differences(others[path])))
    difference = key.differences(others[path])[0]
    return f"of another model or protocol than {path}: {difference}; --update-baseline records the first of its kind"


def keys_of_machine(folder: Path, key: BaselineKey) -> dict[Path, BaselineKey]:
    """Return the keys of the readable baselines whose machine is that of ``key``."""
    keys = {}
    for path in store.files(folder):
        with contextlib.suppress(BadBaseline):
            keys[path] = store.load(path).key
    return {path: known for path, known in keys.items() if not known.machine_differences(key)}


def acceptable(proposal: Proposal) -> tuple[SessionRecord, ...]:
    """Return the sessions of a row that a baseline may have. Raises NotAccepted if it may have none."""
    if proposal.verdict.kind is VerdictKind.INVALID:
        raise NotAccepted(proposal.name, f"not recorded: {proposal.verdict.sentence}")
    sessions = usable(proposal.row.sessions)
    if not sessions:
        raise NotAccepted(
            proposal.name,
            "not recorded: other work ran during every session; see `python -m perf machine --check`, and measure "
            "again",
        )
    return tuple(sessions)


def refuse_repeated(name: str, row: BaselineRow, kept: BaselineRow | None, path: Path) -> None:
    """Raise NotAccepted if the baseline's row has any of these sessions already."""
    if kept and not set(map(identity, row.sessions)).isdisjoint(map(identity, kept.sessions)):
        raise NotAccepted(name, f"not recorded: {path} has its sessions already")


def identity(session: SessionRecord) -> tuple[object, ...]:
    """Return what no two sessions of a row have in common."""
    return (session.recorded, *(rounded(timed.latency_s) for timed in session.rounds))


def verdict_on(proposal: Proposal, kept: BaselineRow | None) -> Verdict:
    """Return the verdict that decides whether the sessions replace those of the baseline's row or join them.

    It is the row's own, unless the baseline's row has changed since: then its sessions are judged by the present ones.
    """
    if kept is None or proposal.was_judged_by(kept):
        return proposal.verdict
    references = {proposal.name: BaselineLevels.of(kept.sessions)}
    return judge_ladder(references, {proposal.name: proposal.row.sessions})[proposal.name]


def accept(old: Baseline | None, occasion: Occasion, name: str, row: BaselineRow, *, afresh: bool) -> Baseline:
    """Return ``old`` with the row's sessions added, or in place of those it had.

    They take the place if ``afresh``, or if another stack or another specification measured the old ones: a row of a
    baseline is of one stack. Raises BadRecord if ``old`` has faults, which writing would lose, or if the stack's
    packages are not such that a baseline may name them.
    """
    check_recipe(row.stack)
    if old and old.faults:
        fault = next(iter(old.faults.values()))
        raise BadRecord(
            fault.field, f"{fault.reason}; fix or remove the row, in changes as well, before the file is written"
        )
    rows = dict(old.rows) if old else {}
    kept = rows.get(name)
    if kept and not afresh and (kept.variant, kept.stack) == (row.variant, row.stack):
        together = sorted((*kept.sessions, *row.sessions), key=lambda session: session.measured_s)
        row = replace(row, sessions=tuple(together[-SESSIONS_KEPT:]))
    change = {"when": occasion.when, "why": occasion.why, "rows": [name]}
    return Baseline(
        key=occasion.key,
        particulars=occasion.particulars,
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
