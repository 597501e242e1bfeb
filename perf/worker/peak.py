"""Measurement of the most that the machine reaches with a stack: the limit that a variant is compared with."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import torch

from perf.records.evidence import Peak

FIRST_SIDE, LAST_SIDE = 256, 8192  # a CPU that emulates bfloat16 takes seconds for a product of side 1024
LONG_ENOUGH_S = 0.03
MEASURED_S = 0.3
TRIED_S = 0.05  # enough to tell which of several is the best
CONVOLUTIONS = ((320, 32), (640, 32), (1280, 16), (512, 64))  # channels and side, the least work first
TOO_LONG_S = 0.3
LEAST_REPEATS = 3
COPIED_BYTES = 512 * 1024**2  # read, and as many written: together more than a Xeon's last-level cache


def measure() -> Peak:
    """Measure the peak on all of torch's threads; takes about three seconds."""
    with torch.inference_mode():
        return Peak(
            fp32_flop_per_s=product_flop_per_s(torch.float32),
            bf16_flop_per_s=product_flop_per_s(torch.bfloat16),
            memory_bytes_per_s=copy_bytes_per_s(),
            fp32_convolution_flop_per_s=convolution_flop_per_s(torch.float32),
            bf16_convolution_flop_per_s=convolution_flop_per_s(torch.bfloat16),
        )


def product_flop_per_s(dtype: torch.dtype) -> float:
    """Return the operations per second of a square matrix product, grown until it takes long enough to be timed."""
    side = FIRST_SIDE
    while True:
        left, right = (torch.rand(side, side).to(dtype) for _ in range(2))
        multiply = partial(torch.mm, left, right)
        if side >= LAST_SIDE or fastest(multiply, during_s=0) > LONG_ENOUGH_S:
            return 2 * side**3 / fastest(multiply)
        side *= 2


def convolution_flop_per_s(dtype: torch.dtype) -> float:
    """Return the operations per second of a 3x3 convolution, the best of those that the UNet and the VAE are made of.

    All are tried for a moment, and the best for as long as it takes. Where one takes long already, as where bfloat16 is
    emulated, no larger one is tried.
    """
    tried = []
    for channels, side in CONVOLUTIONS:
        image = torch.rand(1, channels, side, side).to(dtype, memory_format=torch.channels_last)
        weights = torch.rand(channels, channels, 3, 3).to(dtype, memory_format=torch.channels_last)
        convolve = partial(torch.nn.functional.conv2d, image, weights, padding=1)
        operations, time_s = 2 * 9 * channels**2 * side**2, fastest(convolve, TRIED_S)
        tried.append((operations / time_s, operations, convolve))
        if time_s > TOO_LONG_S:
            break
    best_flop_per_s, operations, convolve = max(tried, key=lambda each: each[0])
    return max(best_flop_per_s, operations / fastest(convolve))


def copy_bytes_per_s() -> float:
    """Return the bytes per second, read and written, of a copy that no cache can hold."""
    source = torch.ones(COPIED_BYTES // 4)
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES / fastest(lambda: target.copy_(source))


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
