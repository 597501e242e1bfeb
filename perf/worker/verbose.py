"""The verbose logs of oneDNN and MKL, captured where the libraries print them and reduced to kernels.

First the line of an executed primitive in oneDNN 3 (its last field is in milliseconds), then that of a call of MKL::

    onednn_verbose,v1,primitive,exec,cpu,convolution,brg_conv_fwd:avx512_core_bf16,forward_inference,
    src:bf16::blocked:acdb::f0 wei:bf16:a:blocked:Acdb64a::f0 bia:bf16::blocked:a::f0 dst:bf16::blocked:acdb::f0,
    attr-scratchpad:user,alg:convolution_direct,mb2_ic320oc320_ih64oh64kh3sh1dh0ph1_iw64ow64kw3sw1dw0pw1,5.12

    MKL_VERBOSE SGEMM(T,N,320,4096,320,0x7fa9a25e3b90,...,320) 5.23ms CNR:OFF Dyn:1 FastMM:1 TID:0  NThr:2

The formats are described at https://uxlfoundation.github.io/oneDNN/dev_guide_verbose.html, and in the chapter "Using
oneMKL Verbose Mode" of oneMKL's developer guide.
"""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
from collections.abc import Callable, Iterator

from perf.records.evidence import Executed

MARKERS = {"onednn_verbose", "dnnl_verbose"}
TYPE = re.compile(r"\b(src|wei|dst)\d*[:_]([a-z]+\d+)")
ISA = re.compile(r",info,cpu,isa:([^\n]*)")
SYNONYMS = {"inner_product": "matmul"}

# Long lists of arguments are cut off, and then have no closing bracket.
MKL_PRODUCT = re.compile(r"MKL_VERBOSE (\w*GEMM\w*)\(\S* ([\d.]+)([mun]?s) .*?NThr:(\d+)")
MKL_TYPES = {"S": "f32", "D": "f64", "GEMM_BF16": "bf16:bf16:f32", "GEMM_F16": "f16:f16:f32"}
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

STDOUT = 1


def capture(action: Callable[[], object]) -> str:
    """Return what ``action`` prints to standard output, native code included; nothing else receives it."""
    flush = ctypes.CDLL(None).fflush
    flush(None)
    kept = os.dup(STDOUT)
    with tempfile.TemporaryFile() as stream:
        os.dup2(stream.fileno(), STDOUT)
        try:
            action()
        finally:
            flush(None)
            os.dup2(kept, STDOUT)
            os.close(kept)
        stream.seek(0)
        return stream.read().decode(errors="replace")


def isa(log: str) -> str | None:
    """Return what oneDNN prints once a process about the instruction sets it uses; None if the log does not have it."""
    match = ISA.search(log)
    return match[1].strip() if match else None


def executed(log: str, threads: int) -> Iterator[Executed]:
    """Yield the primitives of oneDNN and the matrix products of MKL that a process of that many threads executed."""
    for line in log.splitlines():
        fields = line.split(",")
        if fields[0] in MARKERS and "exec" in fields:
            operation, implementation, _, memory = fields[fields.index("exec") + 2 :][:4]
            yield SYNONYMS.get(operation, operation), implementation, types(memory), float(fields[-1]) / 1000
    for function, time, unit, used in MKL_PRODUCT.findall(log):
        # Attention calls MKL from all threads at once: a call that uses one of them costs a share of the wall time.
        time_s = float(time) * SECONDS[unit] * int(used) / threads
        yield "matmul", f"mkl:{function.lower()}", mkl_types(function), time_s


def types(memory: str) -> str:
    """Return the types of source, weights (if any) and result: ``f32:bf16:f32``, or ``bf16`` where all are alike."""
    first: dict[str, str] = {}
    for name, type_name in TYPE.findall(memory):
        first.setdefault(name, type_name)  # there may be several sources
    named = [first[name] for name in ("src", "wei", "dst") if name in first]
    if len(set(named)) == 1:
        return named[0]
    return ":".join(named)


def mkl_types(function: str) -> str:
    """Return the types of an MKL function in the form of ``types``, or nothing for an unknown function."""
    for prefix, known in MKL_TYPES.items():
        if function.upper().startswith(prefix):
            return known
    return ""
