"""The libraries' logs: lines in their formats, and the output of a real process."""

from __future__ import annotations

import os
import subprocess
import sys

from perf.host.stack import ROOT
from perf.records.evidence import grouped
from perf.records.part import Part
from perf.worker import verbose

SOURCE, RESULT = "src:bf16::blocked:acdb::f0", "dst:bf16::blocked:acdb::f0"
WEIGHTS = "wei:bf16:a:blocked:Acdb16b64a2b::f0"
CONVOLUTION = (
    "cpu,convolution,brg_conv_fwd:avx10_1_512_amx,forward_inference,"
    f"{SOURCE} {WEIGHTS} bia:bf16::blocked:a::f0 {RESULT},attr-scratchpad:user,alg:convolution_direct,mb2_ic4oc320_ih64"
)
LOG = f"""\
onednn_verbose,v1,info,oneDNN v3.7.1 (commit 8d263e693366ef8db40acc569cc7d8edf644556d)
onednn_verbose,v1,info,cpu,runtime:OpenMP,nthr:2
onednn_verbose,v1,info,cpu,isa:Intel AVX10.1/512 with float16, Intel AMX with bfloat16 and 8-bit integer support
onednn_verbose,v1,info,template:operation,engine,primitive,implementation,prop_kind,memory_descriptors,exec_time
onednn_verbose,v1,primitive,create:cache_miss,{CONVOLUTION},0.5
onednn_verbose,v1,primitive,exec,{CONVOLUTION},1.5
onednn_verbose,v1,primitive,exec,{CONVOLUTION},2.5
something that a library prints
onednn_verbose,v1,primitive,exec,cpu,reorder,jit:uni,undef,src:f32::blocked:abcd::f0 {RESULT},,,2x4x64x64,0.25
onednn_verbose,v1,primitive,exec,cpu,inner_product,brgemm:avx10_1_512_amx,forward_inference,\
{SOURCE} wei:bf16:a:blocked:AB16b64a2b::f0 dst:f32::blocked:ab::f0,,,mb2ic320oc1280,0.125
MKL_VERBOSE SGEMM(T,N,64,32,40,0x7fa9a25e3b90,0x55b97282e880,40,64) 9.00us CNR:OFF Dyn:1 FastMM:1 TID:1  NThr:1
MKL_VERBOSE SGEMM(N,N,40,32,64,0x7fa9a25e3b90,0x55b97282e880,40,64) 1.00us CNR:OFF Dyn:1 FastMM:1 TID:0  NThr:1
MKL_VERBOSE GEMM_BF16BF16F32(T,N,320,4096,320,0x7fa9a25e3b90,320) 5.25ms CNR:OFF Dyn:1 FastMM:1 TID:0  NThr:2
"""


def test_executed_primitives_are_reduced() -> None:
    kernels = grouped(Part.UNET_STEP, verbose.executed(LOG, threads=2))
    assert [
        (kernel.operation, kernel.implementation, kernel.types, kernel.count, kernel.time_s) for kernel in kernels
    ] == [
        ("matmul", "mkl:gemm_bf16bf16f32", "bf16:bf16:f32", 1, 0.00525),
        ("convolution", "brg_conv_fwd:avx10_1_512_amx", "bf16", 2, 0.004),
        ("reorder", "jit:uni", "f32:bf16", 1, 0.00025),
        ("matmul", "brgemm:avx10_1_512_amx", "bf16:bf16:f32", 1, 0.000125),
        ("matmul", "mkl:sgemm", "f32", 2, 0.000005),  # each by one of two threads
    ]


def test_a_call_of_mkl_whose_arguments_are_cut_off_counts() -> None:
    """As a user's log has it: the list of a batch's arguments ends in the middle, without its bracket."""
    log = (
        "MKL_VERBOSE SGEMM_BATCH(N,N,0x7ffcdacca2fc,0x7ffcdacca300,0x7ffcdacca2f8,0x7ffcdacca1a8,0x7 22.83us CNR:OFF "
        "Dyn:1 FastMM:1 TID:0  NThr:8\n"
        "MKL_VERBOSE SGEMM(N,N,10,128,128,0x7f3a9d0ce040,10) 41.32us CNR:OFF Dyn:1 FastMM:1 TID:0  NThr:50 WDiv:HOST\n"
    )
    assert [name for _, name, _, _ in verbose.executed(log, threads=8)] == ["mkl:sgemm_batch", "mkl:sgemm"]


def test_onednn_names_its_instruction_sets() -> None:
    assert verbose.isa(LOG) == "Intel AVX10.1/512 with float16, Intel AMX with bfloat16 and 8-bit integer support"
    assert verbose.isa("") is None


def test_types_of_older_versions() -> None:
    memory = "src_bf16::blocked:ab:f0 wei_bf16::blocked:AB16b64a:f0 dst_f32::blocked:ab:f0"
    assert verbose.types(memory) == "bf16:bf16:f32"
    assert verbose.types("data_f32::blocked:ab:f0") == ""


def test_what_native_code_prints_is_captured_and_nothing_else() -> None:
    code = (
        "import ctypes\n"
        "from perf.worker import verbose\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.printf(b'before\\n')\n"
        "log = verbose.capture(lambda: libc.printf(b'within\\n'))\n"
        "libc.printf(b'after: %s', log.encode())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    assert result.stdout == b"before\nafter: within\n"
