"""What OpenVINO reaches on all of its threads: in a stack without torch, and in 8 bits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from openvino import Core, Model, Tensor, opset13

from perf.records.evidence import Peak
from perf.worker.peaks.timing import (
    CONVOLUTIONS,
    COPIED_BYTES,
    Call,
    best_flop_per_s,
    convolution_operations,
    fastest,
)

PRODUCT_SIDES = (512, 1024, 2048)
INT8_LEVELS, INT8_MOST = 256, 127


def measure() -> Peak:
    """Measure the peak on all CPUs that this process may use; takes about four seconds."""
    return Peak(
        fp32_flop_per_s=best_flop_per_s(products("f32")),
        bf16_flop_per_s=best_flop_per_s(products("bf16")),
        memory_bytes_per_s=copy_bytes_per_s(),
        fp32_convolution_flop_per_s=best_flop_per_s(convolutions("f32")),
        bf16_convolution_flop_per_s=best_flop_per_s(convolutions("bf16")),
        int8_convolution_flop_per_s=int8_convolution_flop_per_s(),
    )


def int8_convolution_flop_per_s() -> float:
    """Return the operations per second of the best convolution in 8 bits, its input rounded to them before."""
    return best_flop_per_s(convolutions("f32", in_int8=True))


def products(precision: str) -> Iterator[Call]:
    """Yield square matrix products."""
    for side in PRODUCT_SIDES:
        left = opset13.parameter([side, side], np.float32)
        product = opset13.matmul(left, opset13.constant(_random(side, side)), transpose_a=False, transpose_b=True)
        yield Call(2 * side**3, _inference(product, left, precision))


def convolutions(precision: str, *, in_int8: bool = False) -> Iterator[Call]:
    """Yield 3x3 convolutions such as the UNet and the VAE are made of."""
    for channels, side in CONVOLUTIONS:
        image = opset13.parameter([1, channels, side, side], np.float32)
        shape = (channels, channels, 3, 3)
        source, weights = (_rounded(image), _int8(*shape)) if in_int8 else (image, opset13.constant(_random(*shape)))
        convolved = opset13.convolution(source, weights, [1, 1], [1, 1], [1, 1], [1, 1])
        yield Call(convolution_operations(channels, side), _inference(convolved, image, precision))


def copy_bytes_per_s() -> float:
    """Return the bytes per second, read and written, of a copy that no cache can hold; numpy lets threads copy."""
    threads = len(os.sched_getaffinity(0))
    sources = np.array_split(np.ones(COPIED_BYTES // 4, np.float32), threads)
    targets = [np.empty_like(source) for source in sources]
    with ThreadPoolExecutor(threads) as pool:
        return 2 * COPIED_BYTES / fastest(lambda: list(pool.map(np.copyto, targets, sources)))


def _inference(result: Any, parameter: Any, precision: str) -> partial[Any]:
    """Return a call of the model that makes ``result`` of ``parameter``, compiled for this precision."""
    model = Model([result], [parameter], "peak")
    compiled = Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    request = compiled.create_infer_request()
    request.set_input_tensor(Tensor(_random(*parameter.shape)))
    return partial(request.infer)


def _random(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def _rounded(source: Any) -> Any:
    """Return the source rounded to the levels that 8 bits have."""
    low, high = np.float32(-1), np.float32(1)
    return opset13.fake_quantize(source, low, high, low, high, INT8_LEVELS)


def _int8(*shape: int) -> Any:
    """Return weights of 8 bits with a scale for each channel of the result, as NNCF makes them."""
    values = np.random.default_rng(0).integers(-INT8_MOST, INT8_MOST, shape, dtype=np.int8)
    scales = np.full((shape[0], 1, 1, 1), 1 / INT8_MOST, np.float32)
    return opset13.multiply(opset13.convert(opset13.constant(values), np.float32), opset13.constant(scales))
