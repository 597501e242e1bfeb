"""What a run has found, for people: the ladder as a table, the verdicts as lines, a failure with its evidence."""

from __future__ import annotations

import shlex
import statistics
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from perf.gate.against_baseline import Gate, MeasuredRow
from perf.measure.run import LadderRow
from perf.records.part import Part
from perf.records.session_record import SessionRecord
from perf.report.tables import aligned
from perf.spec.ladder import EAGER_FP32, ICE_LAKE, SAPPHIRE_RAPIDS
from perf.stats.intervals import Interval, median_interval
from perf.stats.level import undisturbed, use
from perf.stats.verdict import FAILING, Verdict, VerdictKind, counted

# Narrow enough for 80 columns.
HEADINGS = ("variant", "s/image", "interval", "n", "speed-up", "GiB", "ICL", "SPR")
DIFFERENCES_SHOWN = 6
PUBLISHED = (ICE_LAKE, SAPPHIRE_RAPIDS)


def cells(row: LadderRow, reference_s: float | None) -> tuple[str, ...]:
    """The texts of a measured row, in the order of HEADINGS. ``reference_s`` is eager fp32's median in this run."""
    assert row.session is not None
    median_s = statistics.median(row.latencies_s)
    peak = row.session.peak_rss_bytes
    return (
        row.variant.name,
        seconds(median_s),
        interval(median_interval(row.latencies_s)),
        str(len(row.latencies_s)),
        f"{reference_s / median_s:.2f}x" if reference_s else "-",
        f"{peak / 1024**3:.1f}" if peak else "-",
        *(f"{row.variant.published_s[cpu]:g}" if cpu in row.variant.published_s else "-" for cpu in PUBLISHED),
    )


def reference_latency_s(rows: Sequence[LadderRow]) -> float | None:
    """Median of the row that speed-ups refer to, or None if this run did not measure it."""
    return next((statistics.median(row.latencies_s) for row in rows if _is_reference(row)), None)


def terminal(rows: Sequence[LadderRow], width: int) -> str:
    """The ladder for a terminal of ``width`` columns; reasons for missing rows below it."""
    reference_s = reference_latency_s(rows)
    table = aligned(HEADINGS, [cells(row, reference_s) for row in rows if row.latencies_s], width)
    below = [part for line in (*footnotes(rows), *reasons(rows)) for part in textwrap.wrap(line, width)]
    return "\n".join([*table, *below])


def markdown(rows: Sequence[LadderRow], title: str, about: Sequence[str]) -> str:
    """The ladder as a GitHub table, under ``title`` and the lines that say what was measured on what."""
    reference_s = reference_latency_s(rows)
    table = [HEADINGS, ("---", *["---:"] * (len(HEADINGS) - 1))]
    table += [cells(row, reference_s) for row in rows if row.latencies_s]
    lines = [f"## {title}", "", *(f"- {line}" for line in about), ""]
    lines += [f"| {' | '.join(line)} |" for line in table]
    lines += ["", *(f"{line}  " for line in (*footnotes(rows), *reasons(rows)))]
    return "\n".join(lines).rstrip() + "\n"


def footnotes(rows: Sequence[LadderRow]) -> list[str]:
    """What the columns mean, as far as this run has them."""
    confidences = sorted({median_interval(row.latencies_s).confidence for row in rows if row.latencies_s})
    if not confidences:
        return []
    lowest, highest = (f"{100 * value:.0f}" for value in (confidences[0], confidences[-1]))
    held = f"{lowest} %" if lowest == highest else f"{lowest} to {highest} %, by the number of rounds"
    return [
        f"s/image: median of n rounds; interval: of the median, distribution-free, confidence {held}.",
        "GiB: peak memory of a generation. ICL, SPR: the article's seconds on Ice Lake and Sapphire Rapids, "
        "512x512, 20 steps.",
    ]


def reasons(rows: Sequence[LadderRow]) -> list[str]:
    return [f"{row.variant.name}: {row.why_not}" for row in rows if row.why_not]


def seconds(value: float) -> str:
    """Three or four digits, whatever the magnitude."""
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 10 else f"{value:.3f}"


def interval(found: Interval) -> str:
    return f"{seconds(found.low)}..{seconds(found.high)}"


def _is_reference(row: LadderRow) -> bool:
    return row.variant.name == EAGER_FP32 and bool(row.latencies_s)


def verdicts(found: Mapping[str, Verdict]) -> list[str]:
    """A line per row: its name, the verdict, and why. Rows of which the same is said share a line."""
    alike: dict[str, list[str]] = {}
    for name, verdict in found.items():
        alike.setdefault(f"{verdict.kind}: {verdict.sentence}", []).append(name)
    named = {said: names[0] if len(names) == 1 else f"{len(names)} rows" for said, names in alike.items()}
    width = max(map(len, named.values()), default=0)
    return [f"{name:{width}}  {said}" for said, name in named.items()]


def about_verdicts(verdicts_by_row: Mapping[str, Verdict], judged: Iterable[MeasuredRow], gate: Gate) -> list[str]:
    """One line that names the baseline, one per judged row, and what moved in rows that do not fail."""
    lines = [f"baseline: {gate.path if gate.baseline else 'none'}", *verdicts(verdicts_by_row)]
    lines += attributions(judged, verdicts_by_row, gate)
    if any(verdict.kind is VerdictKind.NO_BASELINE for verdict in verdicts_by_row.values()):
        lines.append("to record one, measure with --update-baseline --why REASON")
    return lines


def markdown_list(lines: Sequence[str]) -> str:
    return "".join(["\n", *(f"- {line}\n" for line in lines)]) if lines else ""


def failure(judged: MeasuredRow, verdict: Verdict, gate: Gate, options: Sequence[str]) -> str:
    """Why a row fails, for the reader of a CI log: the sentence, the evidence, and the commands that follow.

    ``options`` are those of this run, without the rows.
    """
    lines = [f"{judged.variant.name}: {verdict.kind}: {verdict.sentence}"]
    row = gate.row(judged.variant)
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
