"""What else is watched in a paired comparison beside the latency: parts, instructions, joules, memory and load time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from perf.compare.side_pair import Role
from perf.stats import least_comparison, paired_comparison
from perf.stats.kept_pairs import kept_pairs
from perf.stats.least_comparison import compare_least
from perf.stats.paired_comparison import MOVED, Comparison, PairedVerdict
from perf.stats.pairs import Pair
from perf.stats.pooled_pairs import WHOLE, by_workers
from perf.stats.watch import INSTRUCTIONS, LATENCY, LOAD_TIME, OF_WORKERS, PEAK_MEMORY, PLAIN_LATENCY, WATCHES


def compare_others(
    pairs: Sequence[Pair], loads_s: Sequence[Mapping[Role, float]], tolerances: Mapping[str, float]
) -> dict[str, Comparison]:
    """Compare what else is watched, by name.

    Args:
        pairs: what was measured.
        loads_s: the seconds that the workers took to load, by pair of workers.
        tolerances: the changes that matter, as fractions, by quantity.
    """
    compared = compare_images(pairs, tolerances)
    if counted := instructions_by_workers(pairs):
        compared[INSTRUCTIONS.name] = paired_comparison.compare(
            counted, tolerances[INSTRUCTIONS.name], noisiness(INSTRUCTIONS.name)
        )
    for name, by_role in {LOAD_TIME.name: loads_s, PEAK_MEMORY.name: peaks_bytes(pairs)}.items():
        known = [values for values in by_role if len(values) == len(Role)]
        if known:
            reference, candidate = ([values[role] for values in known] for role in (Role.REFERENCE, Role.CANDIDATE))
            compared[name] = compare_least(reference, candidate, tolerances[name])
    return compared


def compare_images(pairs: Sequence[Pair], tolerances: Mapping[str, float]) -> dict[str, Comparison]:
    """Compare the parts, the plain latency and the joules, by name, each as noisy as it is known to be."""
    names = dict.fromkeys(name for left in kept_pairs(pairs) for name in left.names)
    return {
        name: paired_comparison.compare(by_workers(pairs, name), tolerances[name], noisiness(name))
        for name in names
        if name != LATENCY.name
    }


def instructions_by_workers(pairs: Sequence[Pair]) -> dict[int, list[float]]:
    """Return the log ratios of the instructions of the kept pairs in which both were counted, by pair of workers."""
    logs: dict[int, list[float]] = {}
    for left in kept_pairs(pairs):
        before, after = (
            sample.counts.whole.instructions if sample.counts else None
            for sample in (left.pair.reference, left.pair.candidate)
        )
        if before and after:
            logs.setdefault(left.pair.workers, []).append(math.log(after / before))
    return logs


def noisiness(name: str) -> float:
    """Return how much noisier than a latency a watched quantity is known to be, from session to session."""
    (watch,) = (watch for watch in WATCHES if watch.name == name)
    return watch.prior.sd / LATENCY.prior.sd


def peaks_bytes(pairs: Sequence[Pair]) -> list[dict[Role, float]]:
    """Return the median peak memory of each worker's generations, by pair of workers, where it could be read."""
    peaks: dict[int, dict[Role, list[int]]] = {}
    for pair in pairs:
        for role, sample in {Role.REFERENCE: pair.reference, Role.CANDIDATE: pair.candidate}.items():
            if sample.conditions.peak_rss_bytes:
                peaks.setdefault(pair.workers, {}).setdefault(role, []).append(sample.conditions.peak_rss_bytes)
    return [{role: statistics.median(known) for role, known in by_role.items()} for by_role in peaks.values()]


def has_moved(comparison: Comparison) -> bool:
    """Tell whether a watched quantity surely changed, and by more than is tolerated of it."""
    return comparison.verdict in MOVED and _is_beyond_tolerance(comparison)


def seemingly_worse(latency: Comparison | None, others: Mapping[str, Comparison]) -> dict[str, Comparison]:
    """Return what looks worse by more than is tolerated, and is not sure, by name.

    The plain latency says nothing that a slower latency does not say already.
    """
    is_slower = latency is not None and latency.verdict is PairedVerdict.REGRESSED
    said = {PLAIN_LATENCY.name} if is_slower else set()
    return {name: each for name, each in others.items() if name not in said and is_open(name, each)}


def is_open(name: str, comparison: Comparison) -> bool:
    """Tell whether a watched quantity looks worse by more than is tolerated, and nobody can be sure yet.

    One that looks better is worth no more pairs, and neither are instructions, which are evidence of other software and
    no fault. The plain latency is asked although it is not sure: what is taken out of the latency, images that were
    held up, may be the candidate's own doing. So are joules: a part that became slower shows in the latency too, and
    they show nowhere else.
    """
    if name == INSTRUCTIONS.name:
        return False
    if name in WHOLE and comparison.verdict is PairedVerdict.UNDECIDED:
        return comparison.ratio >= 1 + comparison.tolerance
    rule = least_comparison if name in OF_WORKERS else paired_comparison
    looks_worse = comparison.low > 1 and _is_beyond_tolerance(comparison)
    return looks_worse and comparison.workers < rule.FEWEST_WORKERS


def _is_beyond_tolerance(comparison: Comparison) -> bool:
    return abs(math.log(comparison.ratio)) > math.log1p(comparison.tolerance)
