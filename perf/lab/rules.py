"""The rules that people use today to tell a slowdown, for comparison: one session against one session.

Each takes the latencies of the old and of the new session, in seconds, and returns whether it would alarm.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from scipy import stats

THRESHOLD = 1.05
SIGNIFICANCE = 0.05

TwoSessionRule = Callable[[Sequence[float], Sequence[float]], bool]


def mean_5_percent(old_s: Sequence[float], new_s: Sequence[float]) -> bool:
    """Compare the means, as pytest-benchmark's ``--benchmark-compare-fail=mean:5%`` does."""
    return statistics.fmean(new_s) > THRESHOLD * statistics.fmean(old_s)


def min_5_percent(old_s: Sequence[float], new_s: Sequence[float]) -> bool:
    """Compare the minima, as pytest-benchmark's ``--benchmark-compare-fail=min:5%`` does."""
    return min(new_s) > THRESHOLD * min(old_s)


def welch(old_s: Sequence[float], new_s: Sequence[float]) -> bool:
    """Apply a two-sided t-test at 5 %, as ``pyperf compare_to`` does, but with Welch's variances."""
    result = stats.ttest_ind(new_s, old_s, equal_var=False)
    return bool(result.pvalue < SIGNIFICANCE and result.statistic > 0)


def mann_whitney(old_s: Sequence[float], new_s: Sequence[float]) -> bool:
    """Apply a two-sided Mann-Whitney U test at 5 %, as asv does."""
    result = stats.mannwhitneyu(new_s, old_s, alternative="two-sided")
    expected_statistic = len(new_s) * len(old_s) / 2
    return bool(result.pvalue < SIGNIFICANCE and result.statistic > expected_statistic)


PEERS: Mapping[str, TwoSessionRule] = {
    "mean:5%": mean_5_percent,
    "min:5%": min_5_percent,
    "Welch": welch,
    "Mann-Whitney": mann_whitney,
}
