"""What is said of two workers' evidence: the kernels that moved, before all else."""

from __future__ import annotations

from dataclasses import replace

from perf.proof.attribution import differences, row_differences
from tests.builders.evidence import AMX_CONVOLUTION, AMX_MATMUL, DECODE, PLAIN, REORDER, evidence

FALLEN = replace(AMX_MATMUL, implementation="jit:avx512_core", time_s=1.2)


def test_the_same_evidence_has_no_differences() -> None:
    assert differences(evidence(), evidence()) == []


def test_kernels_that_moved_come_first() -> None:
    changes = differences(evidence(), evidence(AMX_CONVOLUTION, FALLEN, REORDER, DECODE, threads=1))
    assert changes == [
        "UNet step: matmul from 48 brg_matmul:avx10_1_512_amx bf16 to 48 jit:avx512_core bf16",
        "threads: 2 -> 1",
    ]


def test_only_what_moved_is_named() -> None:
    ten = replace(FALLEN, count=10)
    changes = differences(evidence(), evidence(AMX_CONVOLUTION, replace(AMX_MATMUL, count=38), ten, REORDER, DECODE))
    assert changes == ["UNet step: matmul from 10 brg_matmul:avx10_1_512_amx bf16 to 10 jit:avx512_core bf16"]


def test_kernels_that_came_or_went_are_named() -> None:
    usual = (AMX_CONVOLUTION, AMX_MATMUL, DECODE)
    without, with_it = evidence(*usual), evidence(*usual, REORDER)
    assert differences(without, with_it) == ["UNet step: reorder now also 50 jit:uni f32:bf16"]
    assert differences(with_it, without) == ["UNet step: reorder no longer 50 jit:uni f32:bf16"]


def test_the_same_kernels_may_take_longer() -> None:
    slower = replace(AMX_CONVOLUTION, time_s=0.45)
    changes = differences(evidence(), evidence(slower, AMX_MATMUL, REORDER, DECODE))
    assert changes == ["UNet step: 50 convolution (brg_conv_fwd:avx10_1_512_amx bf16) 0.3 s -> 0.45 s"]


def test_a_small_kernel_that_takes_longer_is_not_worth_saying() -> None:
    small, twice = replace(REORDER, time_s=0.001), replace(REORDER, time_s=0.002)
    usual = (AMX_CONVOLUTION, AMX_MATMUL, DECODE)
    assert differences(evidence(*usual, small), evidence(*usual, twice)) == []


def test_surroundings_are_compared() -> None:
    limited = replace(PLAIN, steering={"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"})
    assert differences(evidence(), evidence(surroundings=limited)) == [
        "steering: {} -> {'ONEDNN_MAX_CPU_ISA': 'AVX512_CORE'}"
    ]


def test_of_two_rows_the_longest_kernels_the_libraries_and_what_both_know_are_named() -> None:
    longer = replace(AMX_MATMUL, time_s=0.65)
    row = evidence(
        *(AMX_CONVOLUTION, longer, REORDER, DECODE),
        surroundings=replace(PLAIN, allocators=("libjemalloc.so.2",), malloc_conf="decay", steering={"OMP": "2"}),
        graphs=2,
        prepacked=1.0,
    )
    before = evidence(AMX_CONVOLUTION, REORDER, DECODE)
    assert row_differences(before, row) == [
        "UNet step: mostly convolution brg_conv_fwd:avx10_1_512_amx bf16 (86 %) -> "
        "matmul brg_matmul:avx10_1_512_amx bf16 (65 %)",
        "graphs: 0 -> 2",
        "allocators: none -> libjemalloc.so.2",
    ]
    assert row_differences(row, row) == []


def test_a_row_without_kernels_is_compared_by_the_rest() -> None:
    assert row_differences(evidence(), replace(evidence(), kernels=())) == []
