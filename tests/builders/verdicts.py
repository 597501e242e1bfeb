"""Verdicts for tests of what follows from them."""

from __future__ import annotations

from perf.stats.verdict import Finding, Verdict, VerdictKind


def verdict_of(ratio: float, kind: VerdictKind, either_side: float = 0.02, sees: float | None = None) -> Verdict:
    """Make a verdict whose latency has this ratio, in an interval that reaches as far to either side.

    ``sees`` is the smallest slowdown that it would have found, as a ratio.
    """
    finding = Finding(
        watch="latency",
        kind=kind,
        ratio=ratio,
        low=ratio - either_side,
        high=ratio + either_side,
        tolerance=0.03,
        suspicious=False,
        sees=sees,
    )
    return Verdict(kind=kind, sentence="", findings=(finding,), sessions=1, baseline_sessions=5)
