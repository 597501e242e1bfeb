"""What to measure next: more pairs by the same workers, or fresh ones, whichever narrows the interval fastest.

After a look the variances are known: the noise, which more pairs average, and the luck of the workers, which only fresh
ones do, and which cost the seconds of two loads and warm-ups besides. The precision of the change (the inverse of its
variance) adds up, so the choice is the one that gains most of it per second. The textbook's optimum for two stages,
sqrt(noise variance / luck variance * seconds to start / seconds of a pair) pairs by each pair of workers (Cochran,
Sampling Techniques, 3rd ed., section 10.6), is what this comes near to in the end; here it is reckoned from the pairs
that there are, and with the effect of the order in which the workers were started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from perf.stats.paired_comparison import ORDER_SD, Change, orders

FEWEST_PAIRS = 2  # by the same workers, or their noise could not be told from their luck
MOST_PAIRS = 9


@dataclass(frozen=True, kw_only=True)
class Costs:
    """The seconds that measuring takes: to start a pair of workers, with loads and warm-ups, and for a kept pair."""

    start_s: float
    pair_s: float


@dataclass(frozen=True)
class NextPairs:
    """What to measure next: so many pairs, by fresh workers or by those that are alive."""

    is_fresh: bool
    pairs: int


def next_pairs(counts: Mapping[int, int], posterior: Change, costs: Costs) -> NextPairs:
    """Return what narrows the interval fastest.

    Args:
        counts: the kept pairs of each pair of workers, by its number; the workers of the largest number are alive.
        posterior: of the change, for its two variances.
        costs: what it takes.
    """
    alive, following = max(counts), max(counts) + 1
    now = precision(counts, posterior)

    def gain_per_s(fresh_pairs: int) -> float:
        gained = precision({**counts, following: fresh_pairs}, posterior) - now
        return gained / (costs.start_s + fresh_pairs * costs.pair_s)

    fresh_pairs = max(range(FEWEST_PAIRS, MOST_PAIRS + 1), key=gain_per_s)
    worth = gain_per_s(fresh_pairs) * costs.pair_s  # of a pair
    more = 0
    # Each further pair by the same workers gains less than the one before.
    while counts[alive] + more < MOST_PAIRS:
        after = precision({**counts, alive: counts[alive] + more + 1}, posterior)
        if after - now <= worth:
            break
        more, now = more + 1, after
    return NextPairs(is_fresh=False, pairs=more) if more else NextPairs(is_fresh=True, pairs=fresh_pairs)


def precision(counts: Mapping[int, int], posterior: Change) -> float:
    """Return the inverse variance of the change, with both variances at their means and the order's effect fitted."""
    pairs = np.array(list(counts.values()), dtype=np.float64)
    precisions = 1 / (posterior.luck_variance + posterior.noise_variance / pairs)
    crossed = precisions @ orders(counts)
    return float(precisions.sum() - crossed**2 / (precisions.sum() + ORDER_SD**-2))
