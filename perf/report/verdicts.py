"""The verdicts of a run as lines, and a failing row's message with its evidence."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from perf.gate.acceptance import why_not_first
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.measure.settings import BASELINES
from perf.records.part import Part
from perf.records.session_record import SessionRecord
from perf.report.comparison import MORE_PAIRS, about_pairs, medians_s
from perf.report.ladder_table import seconds
from perf.report.rerun import only
from perf.stats.instruction_change import Interval, change_of, costs_of, describe
from perf.stats.level import cpus_used, undisturbed
from perf.stats.verdict import FAILING, MAX_SESSIONS, UNANSWERED, JudgedBy, Verdict, VerdictKind, counted
from perf.stats.watch import INSTRUCTIONS

DIFFERENCES_SHOWN = 6


def about_verdicts(verdicts: Mapping[str, Verdict], judged: Iterable[MeasuredRow], gate: Gate) -> list[str]:
    """Name the baseline, give each row's verdict, and say what moved in rows that do not fail."""
    lines = [f"baseline: {gate.path if gate.baseline else 'none'}", *verdict_lines(verdicts)]
    for row in judged:
        lines += attribution(row, verdicts[row.variant.name], gate)
    if any(verdict.kind is VerdictKind.NO_BASELINE for verdict in verdicts.values()):
        lines.append("to record a baseline, measure with --update-baseline --why REASON")
    return lines


def verdict_lines(verdicts: Mapping[str, Verdict]) -> list[str]:
    """Return a line per row: its name, the verdict, and why; rows with the same verdict and reason share a line."""
    names_by_text: dict[str, list[str]] = {}
    for name, verdict in verdicts.items():
        names_by_text.setdefault(str(verdict), []).append(name)
    subjects = [names[0] if len(names) == 1 else f"{len(names)} rows" for names in names_by_text.values()]
    width = max(map(len, subjects), default=0)
    return [f"{subject:{width}}  {text}" for subject, text in zip(subjects, names_by_text, strict=True)]


def attribution(row: MeasuredRow, verdict: Verdict, gate: Gate) -> list[str]:
    """Say which part of a row moved and what differs; nothing for a row that fails, whose message says it.

    Of a row that was measured in pairs, say what they were like in any case.
    """
    if verdict.kind in FAILING:
        return []
    pairs = [f"  {line}" for line in pair_lines(row)]
    if not verdict.findings or verdict.kind is VerdictKind.UNCHANGED:
        return [f"{row.variant.name}: {', '.join(changes_of(row, gate))}", *pairs] if pairs else []
    return [
        f"{row.variant.name}: moved most: {moved_most(verdict)}",
        *(f"  differs: {difference}" for difference in differences_of(row, gate)),
        *pairs,
    ]


def changes_of(row: MeasuredRow, gate: Gate) -> list[str]:
    """Return in what the software differs from the baseline's, or that it does not."""
    return gate.software_changes(row.variant, row.stack) or ["the same software"]


def differences_of(row: MeasuredRow, gate: Gate) -> list[str]:
    """Return what differs most in the evidence: from the anchor's where that was measured too, else the baseline's."""
    differences = list(row.paired.differences) if row.paired else gate.evidence_changes(row)
    return differences[:DIFFERENCES_SHOWN]


def pair_lines(row: MeasuredRow) -> list[str]:
    """Return what the row's pairs with its anchor were like; nothing where there are none."""
    if row.paired is None or row.paired.latency is None:
        return []
    reference_s, candidate_s = map(seconds, medians_s(row.paired))
    return [f"in turns: {reference_s} s/image by the anchor, {candidate_s} now", *about_pairs(row.paired)]


def failure(
    row: MeasuredRow, verdict: Verdict, gate: Gate, options: Sequence[str], recording: Path | None = None
) -> str:
    """Explain to the reader of a CI log why a row fails: the sentence, the evidence, and the commands to go on with.

    Args:
        row: what was measured.
        verdict: the verdict on it.
        gate: what judged it.
        options: those of this run that are needed to measure the same again, without the rows.
        recording: the file that the run will be kept in, None if it will not be kept.
    """
    setting = only(row.variant.name) if row.variant.setting else []
    again = shlex.join(["tox", "run", "-e", "perf", "--", "--variant", row.variant.base_name, *options, *setting])
    lines = [
        f"{row.variant.name}: {verdict}",
        *evidence_lines(row, verdict, gate),
        *what_would_decide(verdict),
        f"measure again:              {again}",
    ]
    if verdict.kind not in {VerdictKind.INVALID, VerdictKind.DISTURBED}:
        lines += ways_to_accept(row, gate, again, recording)
    return "\n".join(lines)


def what_would_decide(verdict: Verdict) -> list[str]:
    """Return a line on what it takes to decide a row that fails because it is not; nothing for any other."""
    if verdict.kind not in UNANSWERED:
        return []
    if verdict.kind is VerdictKind.DISTURBED and not verdict.findings:
        needed = "a calm machine; python -m perf machine --check says what keeps it from being one"
    elif verdict.judged_by is not JudgedBy.MEMORY:
        needed = MORE_PAIRS
    elif verdict.suspicious:
        needed = f"more fresh workers, up to --fresh {MAX_SESSIONS - 1}, or --judge pairs"
    else:
        needed = f"--judge pairs, or more nights in its baseline, which has {counted(verdict.baseline_sessions)}"
    return [f"to decide it:               {needed} (with --require-all a row must be decided)"]


def ways_to_accept(row: MeasuredRow, gate: Gate, again: str, recording: Path | None) -> list[str]:
    """Return the commands that make a row its baseline: as it was measured, where the run is kept, or measured again.

    Args:
        row: what was measured.
        gate: what judged it.
        again: the command that measures it again.
        recording: as for ``failure``.
    """
    once_more = f'{again} --update-baseline --why "REASON"'
    if recording is None or (gate.baseline is None and why_not_first(gate.folder, gate.key)):
        return [f"accept as the new baseline: {once_more}"]
    words = ["python", "-m", "perf", "accept", str(recording), "--row", row.variant.name]
    if gate.folder != BASELINES:
        words += ["--baselines", str(gate.folder)]
    return [
        f'accept as the new baseline: {shlex.join(words)} --why "REASON"',
        f"accept, measured once more: {once_more}",
    ]


def evidence_lines(row: MeasuredRow, verdict: Verdict, gate: Gate) -> list[str]:
    """Return what a verdict rests on, a line each; nothing for a row that was not compared with a baseline."""
    if not gate.baseline_row(row.variant) or not verdict.findings:
        return []
    return [
        f"baseline:    {describe_baseline(row, gate)}",
        f"moved most:  {moved_most(verdict)}",
        f"all changes: {', '.join(map(str, verdict.findings))}",
        *(f"differs:     {difference}" for difference in differences_of(row, gate)),
        *(f"pairs:       {line}" for line in pair_lines(row)),
        f"software:    {', '.join(changes_of(row, gate))}",
        *(f"counters:    {line}" for line in counter_lines(row, verdict, gate)),
        f"machine:     {', '.join(gate.particular_changes()) or 'unchanged'}",
        f"conditions:  {conditions(row.sessions)}",
    ]


def counter_lines(row: MeasuredRow, verdict: Verdict, gate: Gate) -> list[str]:
    """Return what the kernel's counters say of a row, against its baseline; nothing where either has no counts.

    A row that was measured in pairs says it of its anchor, among what differs.
    """
    before, found = gate.baseline_row(row.variant), verdict.finding_on(INSTRUCTIONS.name)
    costs = costs_of(before.sessions, row.sessions) if before and not row.paired else None
    if costs is None or found is None:
        return []
    change = change_of(*costs, found.tolerance, Interval(found.ratio, found.low, found.high))
    return [describe(*costs, change)]


def describe_baseline(row: MeasuredRow, gate: Gate) -> str:
    """Name the baseline's file, and say how many sessions of the row it has, from when, and why they were accepted."""
    baseline_row = gate.baseline_row(row.variant)
    assert baseline_row is not None, "only asked for where there is one"
    count, latest = counted(len(baseline_row.sessions)), baseline_row.sessions[-1].recorded
    changes = gate.changes_of(row.variant)
    why = f", accepted as {changes[-1]['why']!r}" if changes else ""
    return f"{gate.path} ({count}, the latest from {latest}{why})"


def junit_properties(verdict: Verdict) -> dict[str, str]:
    """Return the kind, the sentence, what could be seen and each finding by its quantity, as JUnit's properties."""
    properties = {"verdict": str(verdict.kind), "says": verdict.sentence, "judged by": str(verdict.judged_by)}
    if verdict.sees is not None:
        properties["sees"] = f"{verdict.sees:.4f}"
    for finding in verdict.findings:
        properties[finding.watch] = f"{finding.ratio:.4f} [{finding.low:.4f}, {finding.high:.4f}]"
    return properties


def moved_most(verdict: Verdict) -> str:
    """Return the finding on the part of a generation that slowed down most, or sped up most if the whole did."""
    parts = [finding for finding in verdict.findings if finding.watch in set(Part)] or list(verdict.findings)
    is_faster = verdict.kind not in {VerdictKind.REGRESSED, VerdictKind.KNOWN} and verdict.findings[0].ratio < 1
    choose = min if is_faster else max
    return str(choose(parts, key=lambda finding: finding.ratio))


def conditions(sessions: Sequence[SessionRecord]) -> str:
    """Say how calm the machine was, over all rounds of these sessions."""
    rounds = [timed for session in sessions for timed in session.rounds]
    aside = len(rounds) - sum(len(undisturbed(session.rounds)) for session in sessions)
    parts = [f"{aside} of {len(rounds)} rounds set aside as disturbed"]
    pressures = [timed.cpu_pressure_s / timed.latency_s for timed in rounds if timed.cpu_pressure_s is not None]
    if pressures:
        parts.append(f"CPU pressure {100 * statistics.median(pressures):.1f} % of the time")
    uses = [cpus for timed in rounds if (cpus := cpus_used(timed))]
    if uses:
        parts.append(f"{statistics.median(uses):.2f} CPUs in use")
    return ", ".join(parts)
