"""Evidence for tests: of a worker that is all that it should be on an AMX machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from perf.records.evidence import Evidence, Kernel, Peak, State, Surroundings
from perf.records.part import Part

AMX_CONVOLUTION = Kernel(
    part=Part.UNET_STEP,
    operation="convolution",
    implementation="brg_conv_fwd:avx10_1_512_amx",
    types="bf16",
    count=50,
    time_s=0.30,
)
AMX_MATMUL = replace(AMX_CONVOLUTION, operation="matmul", implementation="brg_matmul:avx10_1_512_amx", count=48)
REORDER = replace(AMX_CONVOLUTION, operation="reorder", implementation="jit:uni", types="f32:bf16", time_s=0.05)
DECODE = replace(AMX_CONVOLUTION, part=Part.VAE_DECODE, count=30)

PLAIN = Surroundings(
    allocators=(),
    openmp=("libgomp.so.1",),
    malloc_conf=None,
    steering={},
    cpus={"0-1": 3},
    memory_policy="default",
)
PEAK = Peak(fp32_flop_per_s=1e11, bf16_flop_per_s=1e12, memory_bytes_per_s=2e10)


def evidence(*kernels: Kernel, surroundings: Surroundings = PLAIN, **state: Any) -> Evidence:
    """Return evidence of bf16 weights in channels_last, unless ``state`` says something else."""
    defaults: dict[str, Any] = {
        "scheduler": "PNDMScheduler",
        "threads": 2,
        "weights": {"bf16": 1000},
        "channels_last": 1.0,
        "graphs": 0,
        "isa": "Intel AVX10.1/512 with Intel AMX",
    }
    return Evidence(
        kernels=kernels or (AMX_CONVOLUTION, AMX_MATMUL, REORDER, DECODE),
        state=State(**{**defaults, **state}),
        surroundings=surroundings,
        peak=PEAK,
    )
