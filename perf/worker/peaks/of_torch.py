"""What torch reaches on all of its threads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

from perf.records.evidence import Peak
from perf.worker.peaks.timing import (
    CONVOLUTIONS,
    COPIED_BYTES,
    LONG_ENOUGH_S,
    Call,
    best_flop_per_s,
    convolution_operations,
    fastest,
)

FIRST_SIDE, LAST_SIDE = 256, 8192  # a CPU that emulates bfloat16 takes seconds for a product of side 1024


def measure(*, with_fp16: bool = False) -> Peak:
    """Measure the peak; takes about three seconds. ``with_fp16`` asks for that of products in float16 too."""
    with torch.inference_mode():
        return Peak(
            fp32_flop_per_s=product_flop_per_s(torch.float32),
            bf16_flop_per_s=product_flop_per_s(torch.bfloat16),
            memory_bytes_per_s=copy_bytes_per_s(),
            fp32_convolution_flop_per_s=best_flop_per_s(convolutions(torch.float32)),
            bf16_convolution_flop_per_s=best_flop_per_s(convolutions(torch.bfloat16)),
            fp16_flop_per_s=product_flop_per_s(torch.float16) if with_fp16 else None,
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


def convolutions(dtype: torch.dtype) -> Iterator[Call]:
    """Yield 3x3 convolutions such as the UNet and the VAE are made of."""
    for channels, side in CONVOLUTIONS:
        image = torch.rand(1, channels, side, side).to(dtype, memory_format=torch.channels_last)
        weights = torch.rand(channels, channels, 3, 3).to(dtype, memory_format=torch.channels_last)
        convolve = partial(torch.nn.functional.conv2d, image, weights, padding=1)
        yield Call(convolution_operations(channels, side), convolve)


def copy_bytes_per_s() -> float:
    """Return the bytes per second, read and written, of a copy that no cache can hold."""
    source = torch.ones(COPIED_BYTES // 4)
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES / fastest(lambda: target.copy_(source))
