"""The rule by which pairs are measured until enough is known: how many, looked at when, and what follows a look.

A run (perf.compare.paired_run) and the replay of kept pairs (perf.lab.paired_replay) go by it alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from perf.stats import paired_comparison, paired_plan
from perf.stats.kept_pairs import kept_pairs
from perf.stats.paired_comparison import FEWEST_WORKERS, LOOKS, PAIRS_PER_WORKERS, TOLERANCE, Comparison, PairedVerdict
from perf.stats.paired_plan import Costs, NextPairs
from perf.stats.pairs import Pair
from perf.stats.pooled_pairs import by_workers
from perf.stats.watch import LATENCY

FIRST = NextPairs(is_fresh=True, pairs=PAIRS_PER_WORKERS)
MOST_TRIES = 2  # for each pair that is asked for, where some are lost to other work

# Where half of the looks have decided nothing, the luck of the workers is in the way, of which one pair of workers more
# tells little: each of the other looks is saved until there are a quarter more of them, 6, 8, 10, ... 28.
LOOKS_AT_ONCE = LOOKS // 2
SPACING = 1.25
MOST_WORKERS = 28
MOST_ROUNDS = MOST_WORKERS * MOST_TRIES * paired_plan.MOST_PAIRS


@dataclass(frozen=True)
class Quota:
    """What is asked of a pair of workers before the next look: to keep so many pairs, and to make so many at most."""

    kept: int
    most: int

    @classmethod
    def of(cls, pairs: Sequence[Pair], more: int) -> Quota:
        """Return the quota of ``more`` undisturbed pairs by workers that have made ``pairs``."""
        return cls(len(kept_pairs(pairs)) + more, len(pairs) + MOST_TRIES * more)

    def is_met(self, pairs: Sequence[Pair]) -> bool:
        """Tell whether as many pairs are kept as were asked for."""
        return len(kept_pairs(pairs)) >= self.kept

    def is_over(self, pairs: Sequence[Pair]) -> bool:
        """Tell whether it is met, or these workers have made as many pairs as they may."""
        return len(pairs) >= self.most or self.is_met(pairs)


class PairedRule:
    """The looks at one row's pairs, and what they say; ``comparison`` is the last one, None before there is a pair."""

    def __init__(self, budget_s: float) -> None:
        self.comparison: Comparison | None = None
        self.looks = 0
        self._budget_s = budget_s
        self._due_at = 0  # pairs of workers

    def look(self, pairs: Sequence[Pair], tolerance: float = TOLERANCE) -> Comparison | None:
        """Compare what there is. Each look spends its share of what may go wrong, whatever came since the last.

        Args:
            pairs: all so far.
            tolerance: the change that matters, as a fraction.
        """
        self.looks += 1
        workers = max((pair.workers for pair in pairs), default=0)
        self._due_at = math.ceil(SPACING * workers) if self.looks >= LOOKS_AT_ONCE else 0
        if groups := by_workers(pairs, LATENCY.name):
            self.comparison = paired_comparison.compare(groups, tolerance)
        return self.comparison

    def is_due(self, workers: int, elapsed_s: float) -> bool:
        """Tell whether to look at what the last of so many pairs of workers have made, or to start others first."""
        return workers >= self._due_at or self.is_over_budget(workers, elapsed_s)

    def is_enough(self, workers: int, elapsed_s: float) -> bool:
        """Tell whether to stop after this look: the verdict is found, or time or looks are used up.

        Args:
            workers: how many pairs of workers have been started.
            elapsed_s: since the first of them was.
        """
        if self.looks >= LOOKS:
            return True
        if self.comparison and self.comparison.verdict is not PairedVerdict.UNDECIDED:
            return True
        return self.is_over_budget(workers, elapsed_s)

    def is_over_budget(self, workers: int, elapsed_s: float) -> bool:
        """Tell whether the time is used up, which it never is before FEWEST_WORKERS pairs of workers were started."""
        return workers >= FEWEST_WORKERS and elapsed_s >= self._budget_s

    def is_late(self, workers: int, elapsed_s: float, pairs: Sequence[Pair]) -> bool:
        """Tell whether to look at once: the budget is spent, and the last workers have made enough ``pairs``.

        Where other work has disturbed all of them, those workers would count for nothing: they go on to their quota.
        """
        has_enough = len(pairs) >= PAIRS_PER_WORKERS and bool(kept_pairs(pairs))
        return has_enough and self.is_over_budget(workers, elapsed_s)


def next_pairs(pairs: Sequence[Pair], starts_s: Sequence[float], *, can_go_on: bool) -> NextPairs:
    """Return what narrows the interval fastest.

    Args:
        pairs: all so far.
        starts_s: the seconds that each pair of workers took to load and warm up, in order.
        can_go_on: whether the last workers may be asked for more.
    """
    groups = by_workers(pairs, LATENCY.name)
    if not can_go_on or len(starts_s) not in groups:
        return FIRST
    counts = {number: len(group) for number, group in groups.items()}
    pair_s = sum(pair.seconds or 0.0 for pair in pairs) / sum(counts.values())
    costs = Costs(start_s=min(starts_s), pair_s=pair_s)  # the first workers may have exported the model
    return paired_plan.next_pairs(counts, paired_comparison.change(groups), costs)
