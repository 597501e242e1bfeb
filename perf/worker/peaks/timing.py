"""The fastest of several calls, and the convolutions that are tried: the same ones with every library."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

LONG_ENOUGH_S = 0.03
MEASURED_S = 0.3
TRIED_S = 0.05  # enough to tell which of several is the best
TOO_LONG_S = 0.3
LEAST_REPEATS = 3
CONVOLUTIONS = ((320, 32), (640, 32), (1280, 16), (512, 64))  # channels and side, the least work first
COPIED_BYTES = 512 * 1024**2  # read, and as many written: together more than a Xeon's last-level cache


@dataclass(frozen=True)
class Call:
    """A call, and how many floating-point operations it makes."""

    operations: int
    action: Callable[[], object]


def convolution_operations(channels: int, side: int) -> int:
    """Return the operations of a 3x3 convolution from as many channels to as many, on a square image."""
    return 2 * 9 * channels**2 * side**2


def best_flop_per_s(calls: Iterable[Call]) -> float:
    """Return the operations per second of the best of these calls, the least work first.

    All are tried for a moment, and the best for as long as it takes. Where one takes long already, as where a type is
    emulated, no larger one is tried.
    """
    tried = []
    for call in calls:
        time_s = fastest(call.action, TRIED_S)
        tried.append((call.operations / time_s, call))
        if time_s > TOO_LONG_S:
            break
    flop_per_s, best = max(tried, key=lambda each: each[0])
    return max(flop_per_s, best.operations / fastest(best.action))


def fastest(action: Callable[[], object], during_s: float = MEASURED_S) -> float:
    """Return the shortest time of one run, of as many runs as fit into ``during_s``, at least LEAST_REPEATS.

    The first may be a warm-up.
    """
    times_s: list[float] = []
    while len(times_s) < LEAST_REPEATS or sum(times_s) < during_s:
        began = time.perf_counter()
        action()
        times_s.append(time.perf_counter() - began)
    return min(times_s)
