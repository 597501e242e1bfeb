"""What else is watched in a paired comparison beside the latency: each part, peak memory and load time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from perf.compare.stack_pair import Role
from perf.stats import paired_comparison
from perf.stats.kept_pairs import by_workers, kept_pairs
from perf.stats.paired_comparison import Comparison
from perf.stats.pairs import Pair
from perf.stats.watch import LATENCY, LOAD_TIME, WATCHES


def compare_others(
    pairs: Sequence[Pair], loads_s: Sequence[Mapping[Role, float]], tolerances: Mapping[str, float]
) -> dict[str, Comparison]:
    """Compare what else is watched, by name.

    Args:
        pairs: what was measured.
        loads_s: the seconds that the workers took to load, by pair of workers.
        tolerances: the changes that matter, as fractions, by quantity.
    """
    names = dict.fromkeys(name for left in kept_pairs(pairs) for name in left.log_ratios)
    groups = {name: by_workers(pairs, name) for name in names if name != LATENCY.name}
    groups[LOAD_TIME.name] = load_time_ratios(loads_s)
    return {
        name: paired_comparison.compare(ratios, tolerances[name], noisiness(name))
        for name, ratios in groups.items()
        if ratios
    }


def noisiness(name: str) -> float:
    """Return how much noisier than a latency a watched quantity is known to be, from session to session."""
    (watch,) = (watch for watch in WATCHES if watch.name == name)
    return watch.prior.sd / LATENCY.prior.sd


def load_time_ratios(loads_s: Sequence[Mapping[Role, float]]) -> dict[int, list[float]]:
    """Return the log ratio of the load times, by number of the pair of workers, where both have loaded."""
    ratios = {}
    for number, by_role in enumerate(loads_s, 1):
        if len(by_role) == len(Role):
            ratios[number] = [math.log(by_role[Role.CANDIDATE] / by_role[Role.REFERENCE])]
    return ratios


def has_moved(comparison: Comparison) -> bool:
    """Tell whether a watched quantity surely changed, and by more than is tolerated of it."""
    is_beyond_tolerance = abs(math.log(comparison.ratio)) > math.log1p(comparison.tolerance)
    may_be_unchanged = comparison.low <= 1 <= comparison.high
    return is_beyond_tolerance and not may_be_unchanged
