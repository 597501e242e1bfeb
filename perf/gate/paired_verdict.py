"""The verdict on a row that was measured in turns with its anchor, in the gate's terms."""

from __future__ import annotations

from collections.abc import Sequence

from perf.compare.compared_row import ComparedRow
from perf.stats.paired_comparison import Comparison, PairedVerdict
from perf.stats.verdict import Finding, JudgedBy, Verdict, VerdictKind, percent, worst_of
from perf.stats.watch import LATENCY

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
    kind = KIND_OF_PAIRED[result.verdict]
    has_regressed = any(finding.kind is VerdictKind.REGRESSED for finding in findings)
    if has_regressed and kind is not VerdictKind.INVALID:
        kind = VerdictKind.REGRESSED
    return Verdict(
        kind=kind,
        sentence=sentence(kind, result, findings),
        findings=findings,
        judged_by=judged_by(result),
        caveats=tuple(caveats),
    )


def judged_by(result: ComparedRow) -> JudgedBy:
    """Return how the two stacks took turns."""
    return JudgedBy.WHOLE_SESSIONS if result.memory_shortage else JudgedBy.PAIRS


def findings_of(result: ComparedRow) -> tuple[Finding, ...]:
    """Return what was found of each watched quantity, the latency first; nothing where no latency could be compared."""
    if result.latency is None:
        return ()
    return tuple(
        finding(name, comparison) for name, comparison in {LATENCY.name: result.latency, **result.others}.items()
    )


def finding(name: str, comparison: Comparison) -> Finding:
    """Return what was found of one quantity. One behind the latency has to have moved by what matters."""
    kind = KIND_OF_PAIRED[comparison.verdict]
    is_within = 1 / (1 + comparison.tolerance) < comparison.ratio < 1 + comparison.tolerance
    if name != LATENCY.name and is_within and kind in {VerdictKind.REGRESSED, VerdictKind.IMPROVED}:
        kind = VerdictKind.UNCHANGED
    return Finding(
        watch=name,
        kind=kind,
        ratio=comparison.ratio,
        low=comparison.low,
        high=comparison.high,
        tolerance=comparison.tolerance,
        suspicious=False,
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
    return f"{how} {result.sentence}"
