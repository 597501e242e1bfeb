"""The memory that a row of this run's model will take, and the line that says so before it starts."""

from __future__ import annotations

from pathlib import Path

from perf.host import cache
from perf.host.exports import export_key
from perf.host.machine import GIB, Machine
from perf.host.memory_need import MemoryNeed, memory_need, usable_bytes
from perf.host.stack import Stack
from perf.measure.checkpoints import Model
from perf.spec.protocol import Size
from perf.spec.variant import Variant


def exports_folder() -> Path:
    """Return the folder in the cache where exports to OpenVINO are kept."""
    return cache.cache_dir() / "exports"


def need_of(variant: Variant, stack: Stack | None, model: Model | None, size: Size | None) -> MemoryNeed | None:
    """Return what a worker takes for images of that size, the model's own for None.

    None while the model is not known, or without its stack.
    """
    if model is None or stack is None:
        return None
    is_exported = (exports_folder() / export_key(model.digest, stack.packages)).exists()
    return memory_need(
        variant,
        model.name,
        sum(model.parameters.values()),
        size or model.native_size,
        exports=variant.backend == "openvino" and not is_exported,
    )


def announcement(need: MemoryNeed | None, machine: Machine) -> str | None:
    """Return the line that says what a row will take, where that is a good part of the machine's memory."""
    if need is None or not need.is_large(machine):
        return None
    return f"{need}, of {usable_bytes(machine) / GIB:.0f} GiB"
