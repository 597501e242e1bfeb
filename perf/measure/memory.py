"""The memory that a row of this run's model will take, and the line that says so before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perf.host import cache
from perf.host.exports import EXPORTED_BY, export_key, quantized_key
from perf.host.machine import GIB, Machine
from perf.host.memory_need import MemoryNeed, memory_need, usable_bytes
from perf.host.stack import Stack
from perf.measure.checkpoints import Model
from perf.measure.settings import Settings
from perf.spec.variant import Variant


def exports_folder() -> Path:
    """Return the folder in the cache where exports to OpenVINO are kept."""
    return cache.cache_dir() / "exports"


def need_of(
    variant: Variant, stack: Stack | None, exporter: Stack | None, model: Model | None, settings: Settings
) -> MemoryNeed | None:
    """Return what a row takes for images of its own size, of that which is set, or of the model's.

    Args:
        variant: The row.
        stack: Its stack, or None where that is missing.
        exporter: The stack that exports for GenAI, whose own cannot.
        model: The row's model, or None while it is not known.
        settings: The run's.

    Returns:
        None where the model or the stack is not known, and of a backend that a package brings.
    """
    if model is None or stack is None or variant.is_brought:
        return None
    by = exporter if variant.backend == "genai" else stack
    return memory_need(
        variant,
        model.name,
        sum(model.parameters.values()),
        variant.size or settings.size or model.native_size,
        exports=by is not None and _must_export(variant, by, model, settings.calibration_prompts),
        batch=settings.protocol.batch,
        instances=max(1, len(settings.instances)),
    )


def _must_export(variant: Variant, exporter: Stack, model: Model, prompts: Sequence[str]) -> bool:
    """Tell whether what the variant runs is still to be exported, or to be derived in 8 bits of what was."""
    if variant.backend not in EXPORTED_BY:
        return False
    name = export_key(model.digest, exporter.packages, EXPORTED_BY[variant.backend])
    if variant.quantized:
        name = quantized_key(name, variant.quantized, prompts)
    return not (exports_folder() / name).exists()


def announcement(need: MemoryNeed | None, machine: Machine) -> str | None:
    """Return the line that says what a row will take, where that is a good part of the machine's memory."""
    if need is None or not need.is_large(machine):
        return None
    return f"{need}, of {usable_bytes(machine) / GIB:.0f} GiB"
