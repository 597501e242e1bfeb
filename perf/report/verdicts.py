"""The verdicts of a run as lines, and a failing row's message with its evidence."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Iterable, Mapping, Sequence

from perf.gate.against_baseline import Gate, MeasuredRow
from perf.records.part import Part
from perf.records.session_record import SessionRecord
from perf.stats.level import undisturbed, use
from perf.stats.verdict import FAILING, Verdict, VerdictKind, counted

DIFFERENCES_SHOWN = 6


def verdict_lines(found: Mapping[str, Verdict]) -> list[str]:
    """A line per row: its name, the verdict, and why. Rows of which the same is said share a line."""
    alike: dict[str, list[str]] = {}
    for name, verdict in found.items():
        alike.setdefault(f"{verdict.kind}: {verdict.sentence}", []).append(name)
    named = {said: names[0] if len(names) == 1 else f"{len(names)} rows" for said, names in alike.items()}
    width = max(map(len, named.values()), default=0)
    return [f"{name:{width}}  {said}" for said, name in named.items()]


def about_verdicts(verdicts_by_row: Mapping[str, Verdict], judged: Iterable[MeasuredRow], gate: Gate) -> list[str]:
    """One line that names the baseline, one per judged row, and what moved in rows that do not fail."""
    lines = [f"baseline: {gate.path if gate.baseline else 'none'}", *verdict_lines(verdicts_by_row)]
    lines += attributions(judged, verdicts_by_row, gate)
    if any(verdict.kind is VerdictKind.NO_BASELINE for verdict in verdicts_by_row.values()):
        lines.append("to record one, measure with --update-baseline --why REASON")
    return lines


def failure(judged: MeasuredRow, verdict: Verdict, gate: Gate, options: Sequence[str]) -> str:
    """Why a row fails, for the reader of a CI log: the sentence, the evidence, and the commands that follow.

    ``options`` are those of this run, without the rows.
    """
    lines = [f"{judged.variant.name}: {verdict.kind}: {verdict.sentence}"]
    row = gate.baseline_row(judged.variant)
    if row and verdict.findings:
        why = next((f", {one['why']!r}" for one in reversed(gate.changes_of(judged.variant))), "")
        lines += [
            f"baseline:    {gate.path} ({counted(len(row.sessions))}, the last of {row.sessions[-1].recorded}{why})",
            f"moved most:  {moved_most(verdict)}",
            f"all of it:   {', '.join(map(str, verdict.findings))}",
            *(f"differs:     {sentence}" for sentence in gate.evidence_changes(judged)[:DIFFERENCES_SHOWN]),
            f"packages:    {', '.join(gate.package_changes(judged)) or 'none has changed'}",
            f"machine:     {', '.join(gate.particular_changes()) or 'as it was'}",
            f"conditions:  {conditions(judged.sessions)}",
        ]
    again = shlex.join(["tox", "run", "-e", "perf", "--", "--variant", judged.variant.name, *options])
    lines += [f"measure again:              {again}"]
    if verdict.kind is VerdictKind.INVALID:
        return "\n".join(lines)
    return "\n".join([*lines, f'accept as the new baseline: {again} --update-baseline --why "REASON"'])


def junit_properties(verdict: Verdict) -> dict[str, str]:
    """Return the kind, the sentence and each finding by what was watched, as JUnit's properties of a test."""
    properties = {"verdict": str(verdict.kind), "says": verdict.sentence}
    for finding in verdict.findings:
        properties[finding.watch] = f"{finding.ratio:.4f} [{finding.low:.4f}, {finding.high:.4f}]"
    return properties


def attributions(judged: Iterable[MeasuredRow], verdicts: Mapping[str, Verdict], gate: Gate) -> list[str]:
    """For rows that moved and do not fail, whose message would say it: which part it was, and what differs."""
    lines = []
    for one in judged:
        verdict = verdicts[one.variant.name]
        if verdict.findings and verdict.kind not in {VerdictKind.UNCHANGED, *FAILING}:
            lines.append(f"{one.variant.name}: moved most: {moved_most(verdict)}")
            lines += [f"  differs: {sentence}" for sentence in gate.evidence_changes(one)[:DIFFERENCES_SHOWN]]
    return lines


def moved_most(verdict: Verdict) -> str:
    """The part of a generation that became slower by the largest factor; faster, where the whole seems to be."""
    parts = [one for one in verdict.findings if one.watch in set(Part)] or list(verdict.findings)
    is_faster = verdict.kind is not VerdictKind.REGRESSED and verdict.findings[0].ratio < 1
    return str((min if is_faster else max)(parts, key=lambda one: one.ratio))


def conditions(sessions: Sequence[SessionRecord]) -> str:
    """How calm the machine was, over all rounds of these sessions."""
    rounds = [one for session in sessions for one in session.rounds]
    aside = len(rounds) - sum(len(undisturbed(session.rounds)) for session in sessions)
    said = [f"{aside} of {len(rounds)} rounds set aside as disturbed"]
    pressures = [one.cpu_pressure_s / one.latency_s for one in rounds if one.cpu_pressure_s is not None]
    uses = [used for one in rounds if (used := use(one))]
    if pressures:
        said.append(f"CPU pressure {statistics.median(pressures):.1%} of the time")
    if uses:
        said.append(f"{statistics.median(uses):.2f} CPUs in use")
    return ", ".join(said)
