"""The verdict on a row that was measured in turns with its anchor, in the gate's terms."""

from __future__ import annotations

from collections.abc import Sequence

from perf.compare.compared_row import ComparedRow
from perf.compare.other_quantities import has_moved
from perf.stats.paired_comparison import MOVED, Comparison, PairedVerdict
from perf.stats.verdict import Finding, JudgedBy, Verdict, VerdictKind, percent, worst_of
from perf.stats.watch import INSTRUCTIONS, LATENCY

KIND_OF_PAIRED = {
    PairedVerdict.REGRESSED: VerdictKind.REGRESSED,
    PairedVerdict.IMPROVED: VerdictKind.IMPROVED,
    PairedVerdict.EQUIVALENT: VerdictKind.UNCHANGED,
    PairedVerdict.UNDECIDED: VerdictKind.UNDECIDED,
    PairedVerdict.DISTURBED: VerdictKind.DISTURBED,
    PairedVerdict.INVALID: VerdictKind.INVALID,
}


def verdict_on(result: ComparedRow, caveats: Sequence[str] = ()) -> Verdict:
    """Return the verdict on a row by its pairs: the latency's, or that something else became worse by what matters.

    Args:
        result: what the pairs have shown.
        caveats: what of the anchor could not be had.
    """
    findings = findings_of(result)
    kind = kind_of(result, findings)
    return Verdict(
        kind=kind,
        sentence=sentence(kind, result, findings),
        findings=findings,
        judged_by=judged_by(result),
        caveats=tuple(caveats),
    )


def kind_of(result: ComparedRow, findings: Sequence[Finding]) -> VerdictKind:
    """Return what holds of a row of these findings."""
    kind = KIND_OF_PAIRED[result.verdict]
    if kind is VerdictKind.INVALID:
        return kind
    if any(finding.kind is VerdictKind.REGRESSED for finding in findings):
        return VerdictKind.REGRESSED
    if kind in {VerdictKind.UNCHANGED, VerdictKind.IMPROVED} and result.seemingly_worse:
        return VerdictKind.UNDECIDED
    return kind


def judged_by(result: ComparedRow) -> JudgedBy:
    """Return how the two stacks took turns."""
    return JudgedBy.WHOLE_SESSIONS if result.why_apart else JudgedBy.PAIRS


def findings_of(result: ComparedRow) -> tuple[Finding, ...]:
    """Return what was found of each watched quantity, the latency first; nothing where no latency could be compared."""
    if result.latency is None:
        return ()
    return tuple(
        finding(name, comparison, suspicious=name in result.seemingly_worse)
        for name, comparison in {LATENCY.name: result.latency, **result.others}.items()
    )


def finding(name: str, comparison: Comparison, *, suspicious: bool) -> Finding:
    """Return what was found of one quantity. One behind the latency has to have moved by what matters.

    More instructions of other software are evidence, and no fault: what counts is the time.
    """
    kind = KIND_OF_PAIRED[comparison.verdict]
    if name != LATENCY.name and comparison.verdict in MOVED and not has_moved(comparison):
        kind = VerdictKind.UNCHANGED
    if name == INSTRUCTIONS.name and kind is VerdictKind.REGRESSED:
        kind = VerdictKind.UNDECIDED
    return Finding(
        watch=name,
        kind=kind,
        ratio=comparison.ratio,
        low=comparison.low,
        high=comparison.high,
        tolerance=comparison.tolerance,
        suspicious=suspicious,
        sees=comparison.sees,
    )


def sentence(kind: VerdictKind, result: ComparedRow, findings: Sequence[Finding]) -> str:
    """State a paired verdict with its figures, and what they rest on."""
    how = f"in {judged_by(result)} with the anchor"
    if result.latency is None or kind is VerdictKind.INVALID:
        return f"{how}: {result.sentence}"
    if kind is VerdictKind.REGRESSED and result.verdict is not PairedVerdict.REGRESSED:
        worst = worst_of(findings)
        return f"{how} {worst.watch} {percent(worst.ratio)} ({worst.interval}); latency {result.sentence}"
    if kind is VerdictKind.UNDECIDED and result.verdict is not PairedVerdict.UNDECIDED:
        return f"{how} {result.seems}; latency {result.sentence}"
    return f"{how} {result.sentence}"
