"""The rules that people use today to tell a slowdown, for comparison: one session against one session.

Each takes the latencies of the old and of the new session, in seconds, and says whether it would alarm.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from scipy import stats

THRESHOLD = 1.05
SIGNIFICANCE = 0.05

Rule = Callable[[Sequence[float], Sequence[float]], bool]


def mean_5_percent(old: Sequence[float], new: Sequence[float]) -> bool:
    """pytest-benchmark's ``--benchmark-compare-fail=mean:5%``."""
    return statistics.fmean(new) > THRESHOLD * statistics.fmean(old)


def min_5_percent(old: Sequence[float], new: Sequence[float]) -> bool:
    """pytest-benchmark's ``--benchmark-compare-fail=min:5%``."""
    return min(new) > THRESHOLD * min(old)


def welch(old: Sequence[float], new: Sequence[float]) -> bool:
    """A two-sided t-test at 5 % that says slower, as ``pyperf compare_to`` reports; with Welch's variances."""
    result = stats.ttest_ind(new, old, equal_var=False)
    return bool(result.pvalue < SIGNIFICANCE and result.statistic > 0)


def mann_whitney(old: Sequence[float], new: Sequence[float]) -> bool:
    """A two-sided Mann-Whitney U test at 5 % that says slower, asv's test."""
    result = stats.mannwhitneyu(new, old, alternative="two-sided")
    return bool(result.pvalue < SIGNIFICANCE and result.statistic > len(new) * len(old) / 2)


PEERS: Mapping[str, Rule] = {
    "mean:5%": mean_5_percent,
    "min:5%": min_5_percent,
    "Welch": welch,
    "Mann-Whitney": mann_whitney,
}
