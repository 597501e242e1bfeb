"""A machine that drifted as a whole: where all rows moved together and no package changed, it was not the software."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import replace

from perf.stats.verdict import Verdict, VerdictKind, percent
from perf.stats.watch import LATENCY

LEAST_OTHERS = 3  # rows to tell it by


def excuse_drift(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """The ladder's verdicts where no package has changed: a regression that all other rows share is the machine's."""
    return {name: _excused(name, verdict, verdicts) for name, verdict in verdicts.items()}


def _excused(name: str, verdict: Verdict, verdicts: Mapping[str, Verdict]) -> Verdict:
    others = [math.log(one.latency.ratio) for key, one in verdicts.items() if key != name and one.latency]
    if verdict.kind is not VerdictKind.REGRESSED or verdict.latency is None or len(others) < LEAST_OTHERS:
        return verdict
    tolerance = math.log1p(LATENCY.tolerance)
    common = statistics.median(others)
    # Three in four of them by half of what matters, and this one not by what matters more.
    moved_together = statistics.quantiles(others, n=4, method="inclusive")[0] >= tolerance / 2
    if not moved_together or math.log(verdict.latency.ratio) - common >= tolerance:
        return verdict
    sentence = (
        f"the machine drifted: the other {len(others)} rows moved by {percent(math.exp(common))} too "
        f"(this one {percent(verdict.latency.ratio)}) and no package has changed"
    )
    return replace(verdict, kind=VerdictKind.DISTURBED, sentence=sentence)
