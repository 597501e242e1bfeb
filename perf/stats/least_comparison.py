"""The comparison of two sides by a quantity to which a process's luck only ever adds, as to its peak memory.

Such luck is neither small nor normal: an allocator keeps a sixth more or it does not, a load finds the page cache warm
or takes three times as long. So nothing is assumed of it. The least of the candidate's processes is compared with the
least of the reference's, and the candidate is called larger only where all of its processes are larger than all of the
reference's. Of 2 n processes that are alike, n that were chosen beforehand are the largest with the probability
1 / C(2 n, n) (the rank-sum test's smallest level: Wilcoxon, Biometrics Bulletin 1, 1945), which is 1 in 252 for
FEWEST_WORKERS. Later looks add nothing to it: processes that lie apart have lain apart at every look before. The first
candidate of all is started before any reference, and its load finds a cold page cache more often than theirs: were it
always the slowest, the other nine alone would be alike, which makes it 1 in 126.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from perf.stats.paired_comparison import Comparison, PairedVerdict

FEWEST_WORKERS = 5  # pairs of them, before the candidate is called larger or smaller


def compare_least(reference: Sequence[float], candidate: Sequence[float], tolerance: float) -> Comparison:
    """Compare the two sides after the last of these pairs of workers.

    The interval of the ratio reaches from the closest two processes to the furthest. It sees what is larger by more
    than either stack's own processes differ.

    Args:
        reference: the quantity of each of the reference's workers, in any unit; at least one, all positive.
        candidate: of the candidate's, in the same unit.
        tolerance: the change that matters, as a fraction.
    """
    low, high = min(candidate) / max(reference), max(candidate) / min(reference)
    workers = min(len(reference), len(candidate))
    spread = max(max(reference) / min(reference), max(candidate) / min(candidate))
    verdict = _verdict(low, high, workers, tolerance)
    is_moved = low > 1 or high < 1
    return Comparison(
        verdict=verdict,
        ratio=min(candidate) / min(reference),
        low=low,
        high=high,
        sees=max(spread, 1 + tolerance),
        pairs=workers,
        workers=workers,
        more_pairs=max(0, FEWEST_WORKERS - workers) if is_moved and verdict is PairedVerdict.UNDECIDED else 0,
        tolerance=tolerance,
    )


def _verdict(low: float, high: float, workers: int, tolerance: float) -> PairedVerdict:
    if abs(math.log(low)) < math.log1p(tolerance) > abs(math.log(high)):
        return PairedVerdict.EQUIVALENT
    if workers < FEWEST_WORKERS or low <= 1 <= high:
        return PairedVerdict.UNDECIDED
    return PairedVerdict.REGRESSED if low > 1 else PairedVerdict.IMPROVED
