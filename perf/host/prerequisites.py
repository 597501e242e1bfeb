"""The prerequisites of a variant on this machine and its stack, and the remedy where one is missing."""

from __future__ import annotations

import ctypes.util
import difflib
import shutil
from dataclasses import dataclass
from pathlib import Path

from perf.errors import UnknownName
from perf.host.machine import GIB, Machine
from perf.host.memory_need import MemoryNeed, usable_bytes
from perf.host.stack import Stack, how_to_make, how_to_remake
from perf.spec.families import Family
from perf.spec.variant import BACKENDS, Variant

PACKAGES: dict[str, tuple[str, ...]] = {
    "eager": ("torch", "diffusers", "transformers"),
    "ipex": ("torch", "diffusers", "transformers", "intel-extension-for-pytorch"),
    "openvino": ("torch", "diffusers", "transformers", "openvino", "optimum-intel"),
    "onnxruntime": ("torch", "diffusers", "transformers", "onnxruntime", "optimum-onnx"),
    "genai": ("openvino", "openvino-genai", "openvino-tokenizers", "numpy"),
}

NEEDED_BY_ALL = ("numpy",)  # the worker itself, whatever brings the backend
ENTRY_POINTS = "sd_xeon_perf.backends"
ALIKE = 0.75  # of two names, by difflib: one or two letters of a short one

PRELOAD_SEPARATORS = " :"

# Allocator -> the library's name for the dynamic linker, and the Debian package that contains it.
ALLOCATORS = {"jemalloc": ("jemalloc", "libjemalloc2"), "tcmalloc": ("tcmalloc_minimal", "libtcmalloc-minimal4")}


@dataclass(frozen=True)
class Missing:
    """A prerequisite that a variant lacks here, and the command that would provide it."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason}; to fix it: {self.remedy}"


def find_missing(
    variant: Variant,
    stack: Stack | None,
    machine: Machine,
    family: Family | None = None,
    need: MemoryNeed | None = None,
) -> Missing | None:
    """Return the first prerequisite that ``variant`` lacks, or None.

    ``stack`` is None if it is not installed, ``family`` and ``need`` are while the model is not known.
    """
    if family and (reason := family.why_not(variant)):
        return Missing(reason, "leave the row out with --variant")
    if stack is None:
        return Missing(f"stack {variant.stack} is not installed", how_to_make(variant.stack))
    return (
        _missing_backend(variant, stack)
        or _missing_package(variant, stack)
        or _missing_instructions(variant, machine)
        or _missing_compiler(variant, stack)
        or _missing_tuning(variant, stack)
        or _missing_numactl(machine)
        or _missing_memory(need, machine)
    )


def allocator_library(allocator: str) -> str | None:
    """Return the file name under which the dynamic linker finds this allocator, or None."""
    return ctypes.util.find_library(ALLOCATORS[allocator][0])


def openmp_library(stack: Stack) -> Path:
    """Return the path of Intel OpenMP, which the PyPI package intel-openmp puts into the stack itself."""
    return Path(stack.prefix) / "lib" / "libiomp5.so"


def check_backend(variant: Variant, stack: Stack) -> None:
    """Raise UnknownName where the backend is nearly one that there is: a slip of the pen is no missing package."""
    known = {*BACKENDS, *stack.backends}
    if variant.backend not in known and difflib.get_close_matches(variant.backend, known, cutoff=ALIKE):
        raise UnknownName(f"backend of {variant.name}", variant.backend, known)


def _missing_backend(variant: Variant, stack: Stack) -> Missing | None:
    if not variant.is_brought or variant.backend in stack.backends:
        return None
    return Missing(
        f"stack {stack.name} has no package that brings backend {variant.backend!r} (entry point group {ENTRY_POINTS})",
        f"{stack.python} -m pip install the package",
    )


def _missing_package(variant: Variant, stack: Stack) -> Missing | None:
    for package in PACKAGES.get(variant.backend, NEEDED_BY_ALL):
        if package not in stack.packages:
            return Missing(
                f"stack {stack.name} ({stack.python}) has no {package}", how_to_remake(stack.name, stack.python)
            )
    return None


def _missing_instructions(variant: Variant, machine: Machine) -> Missing | None:
    """Return that the CPU would emulate what the variant computes in, if so: its time would be that of nothing real."""
    if variant.torch_bf16 and not machine.bf16_isa:
        lacks, emulated, newer = "neither amx_bf16 nor avx512_bf16", "bfloat16", "Sapphire Rapids"
    elif variant.precision == "fp16-weights" and not machine.fp16_isa:
        lacks, emulated, newer = "neither amx_fp16 nor avx512_fp16", "float16", "Sapphire Rapids"
    elif variant.quantized and not machine.int8_isa:
        lacks, emulated, newer = "no VNNI (amx_int8, avx512_vnni or avx_vnni)", "int8", "Cascade Lake"
    else:
        return None
    return Missing(
        f"this CPU has {lacks} ({machine.cpu}): {emulated} would be emulated",
        f"leave the row out with -k 'not {variant.name}', or measure on {newer} or newer",
    )


def _missing_compiler(variant: Variant, stack: Stack) -> Missing | None:
    if not variant.compiled:
        return None
    if not shutil.which("g++"):
        return Missing("torch.compile needs a C++ compiler, and g++ was not found", "apt-get install g++")
    if not stack.has_headers:
        version = ".".join(stack.python_version.split(".")[:2])
        return Missing(f"torch.compile needs the headers of Python {version}", f"apt-get install python{version}-dev")
    return None


def _missing_numactl(machine: Machine) -> Missing | None:
    if shutil.which("numactl") or (machine.memory_node is None and not machine.is_part):
        return None
    option = "--instances" if machine.is_part else "--memory-node"
    return Missing(f"numactl, which {option} needs, was not found", "apt-get install numactl")


def _missing_memory(need: MemoryNeed | None, machine: Machine) -> Missing | None:
    if need is None or need.fits(machine):
        return None
    is_limited = usable_bytes(machine) < machine.memory_bytes
    place = "this process may use" if is_limited else "this machine has"
    remedy = "measure a smaller --size or --model, or where there is more memory"
    if need.instances > 1:
        remedy = f"--instances {fitting}, or {remedy}" if (fitting := need.most_instances(machine)) else remedy
    return Missing(f"{need}, and {place} {usable_bytes(machine) / GIB:.0f} GiB", remedy)


def _missing_tuning(variant: Variant, stack: Stack) -> Missing | None:
    if variant.tuning is None:
        return None
    allocator = variant.tuning.allocator
    if not allocator_library(allocator):
        return Missing(f"{allocator} was not found", f"apt-get install {ALLOCATORS[allocator][1]}")
    if not shutil.which("numactl"):
        return Missing("numactl was not found", "apt-get install numactl")
    if any(separator in str(openmp_library(stack)) for separator in PRELOAD_SEPARATORS):
        reason = f"{openmp_library(stack)} cannot be preloaded: the linker splits LD_PRELOAD at blanks and colons"
        return Missing(reason, "move the checkout to a path without them")
    if not openmp_library(stack).exists():
        return Missing(f"Intel OpenMP is missing: {openmp_library(stack)}", how_to_remake(stack.name, stack.python))
    return None
