"""The log ratios of a pair of workers, pooled over all their pairs, and how much each pair moves them.

What the kernel does not tell of, a neighbour on the same host above all, may hold up several steps of an image, and no
mean of that image's steps is deaf to it. One of all steps of the same workers is. So a part's log ratio, candidate over
reference, is the midmean over all its calm calls. The latency's is that of the sums: of the parts' seconds in the
reference, and of the same seconds times each part's ratio. What only one of the two makes, a part that the other lacks
or more UNet steps, has no ratio and counts in full. What is between the parts, a thousandth of an image, is left out:
other work that falls on it cannot be told. The plain latency is what it says, the mean over whole pairs, and so are the
joules.

How noisy a pooled log ratio is, is seen by leaving out one pair after the other (the jackknife: Efron and Tibshirani,
An Introduction to the Bootstrap, chapter 11). Each pair is given a value so that their mean is the pooled one, and
their standard error that of the jackknife: for a plain mean these are the pairs' own log ratios.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np

from perf.records.part import Part
from perf.stats.intervals import midmean
from perf.stats.kept_pairs import KeptPair, kept_pairs
from perf.stats.pairs import SINGLE_PARTS, Pair, PartTimes
from perf.stats.watch import ENERGIES, LATENCY, PLAIN_LATENCY

WHOLE = ENERGIES | {PLAIN_LATENCY.name}  # read of the image as a whole


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
    if name in WHOLE:
        return statistics.fmean(left.whole_log_ratios[name] for left in pairs)
    return midmean([log_ratio for left in pairs for log_ratio in left.part_log_ratios[name]])


def _latency(pairs: Sequence[KeptPair]) -> float:
    """Return the log ratio of the parts' sums. A mean of the parts' own would be too small where they differ much."""
    calls = statistics.fmean(left.calls_log_ratio for left in pairs)
    unet_s = sum(left.reference_unet_s for left in pairs)
    sums = [PartTimes(unet_s, unet_s * math.exp(pooled(pairs, Part.UNET_STEP) + calls))]
    singles = ([left.singles[part] for left in pairs if part in left.singles] for part in SINGLE_PARTS)
    sums += [_sum(times) for times in singles if times]
    return math.log(sum(each.candidate_s for each in sums) / sum(each.reference_s for each in sums))


def _sum(times: Sequence[PartTimes]) -> PartTimes:
    """Return the seconds of one part over all pairs, the candidate's by the pooled ratio where both have the part."""
    reference_s = sum(each.reference_s for each in times)
    if not all(each.is_in_both for each in times):
        return PartTimes(reference_s, sum(each.candidate_s for each in times))
    return PartTimes(reference_s, reference_s * math.exp(midmean([each.log_ratio for each in times])))
