"""Drift of the whole machine: where all rows moved together and no package changed, it was not the software."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import replace

from perf.stats.verdict import Verdict, VerdictKind, percent
from perf.stats.watch import LATENCY

LEAST_OTHERS = 3  # rows that show a drift


def excuse_drift(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Return a ladder's verdicts by row, with every regression that the other rows share changed to ``disturbed``.

    Call it only where no software has changed.
    """
    return {name: _excused(name, verdict, verdicts) for name, verdict in verdicts.items()}


def _excused(name: str, verdict: Verdict, verdicts: Mapping[str, Verdict]) -> Verdict:
    others = [math.log(other.latency.ratio) for key, other in verdicts.items() if key != name and other.latency]
    if verdict.kind is not VerdictKind.REGRESSED or verdict.latency is None or len(others) < LEAST_OTHERS:
        return verdict
    tolerance = math.log1p(LATENCY.tolerance)
    common = statistics.median(others)
    # Three in four of the others by half of what matters, and this one by less than what matters beyond them.
    lower_quartile = statistics.quantiles(others, n=4, method="inclusive")[0]
    moved_together = lower_quartile >= tolerance / 2
    moved_more = math.log(verdict.latency.ratio) - common >= tolerance
    if moved_more or not moved_together:
        return verdict
    sentence = (
        f"the machine drifted: the other {len(others)} rows moved by {percent(math.exp(common))} too "
        f"(this one {percent(verdict.latency.ratio)}) and no package has changed"
    )
    return replace(verdict, kind=VerdictKind.DISTURBED, sentence=sentence)
