"""The log ratios of a pair of workers, pooled over all their pairs, and how much each pair moves them.

What the kernel does not tell of, a neighbour on the same host above all, may hold up several steps of an image, and no
mean of that image's steps is deaf to it. One of all steps of the same workers is. So a part's log ratio, candidate over
reference, is the midmean over all its calm calls, and the latency's the mean of the parts', each with the weight of its
time in the reference. The plain latency is what it says, the mean over whole pairs.

How noisy a pooled log ratio is, is seen by leaving out one pair after the other (the jackknife: Efron and Tibshirani,
An Introduction to the Bootstrap, chapter 11). Each pair is given a value so that their mean is the pooled one, and
their standard error that of the jackknife: for a plain mean these are the pairs' own log ratios.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from perf.records.part import Part
from perf.stats.intervals import midmean
from perf.stats.kept_pairs import KeptPair, kept_pairs
from perf.stats.pairs import SINGLE_PARTS, Pair
from perf.stats.watch import LATENCY, PLAIN_LATENCY


def by_workers(pairs: Sequence[Pair], name: str) -> dict[int, list[float]]:
    """Return the values of one quantity over the kept pairs, by number of the pair of workers."""
    kept: dict[int, list[KeptPair]] = {}
    for left in kept_pairs(pairs):
        if name in left.names:
            kept.setdefault(left.pair.workers, []).append(left)
    return {number: values(of_workers, name) for number, of_workers in kept.items()}


def values(pairs: Sequence[KeptPair], name: str) -> list[float]:
    """Return a value for each of the same workers' pairs; all of them have the quantity."""
    whole = pooled(pairs, name)
    if len(pairs) == 1:
        return [whole]
    without = np.array([pooled([*pairs[:left_out], *pairs[left_out + 1 :]], name) for left_out in range(len(pairs))])
    return [float(value) for value in whole + (len(pairs) - 1) * (without.mean() - without)]


def pooled(pairs: Sequence[KeptPair], name: str) -> float:
    """Return the log ratio of one quantity over the same workers' pairs, at least one, which all have it."""
    if name == LATENCY.name:
        return _latency(pairs)
    if name == PLAIN_LATENCY.name:
        return statistics.fmean(left.plain_log_ratio for left in pairs)
    return midmean([log_ratio for left in pairs for log_ratio in left.part_log_ratios[name]])


def _latency(pairs: Sequence[KeptPair]) -> float:
    """Return the mean of the parts' log ratios. Steps that only one of the stacks makes count in full."""
    calls = statistics.fmean(left.calls_log_ratio for left in pairs)
    log_ratios = [pooled(pairs, Part.UNET_STEP) + calls]
    weights_s = [sum(left.reference_unet_s for left in pairs)]
    for part in SINGLE_PARTS:
        if times := [left.singles[part] for left in pairs if part in left.singles]:
            log_ratios.append(midmean([each.log_ratio for each in times]))
            weights_s.append(sum(each.reference_s for each in times))
    return float(np.average(log_ratios, weights=weights_s))
