"""How TorchInductor is told to compile, and its own account of what it did.

torch has no public counts: torch.compiler compiles and resets, and torch._dynamo.explain would compile everything
again. So this is an adapter to a private part of it. Checked with torch 2.8.0 and 2.13.0;
tests/e2e/test_private_parts.py fails when another version counts differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch._inductor.config
from torch._dynamo.utils import counters

from perf.spec.variant import Compiled

PACKED = ("mkldnn_conv_weight_pack_matcher_count", "mkldnn_linear_weight_pack_matcher_count")
AUTOTUNED = "chosen_by_timing"  # ours: torch counts only what is timed anew, and keeps the times of earlier processes


@dataclass(frozen=True, kw_only=True)
class Compilation:
    """What was compiled in this process: graphs, products whose weights were packed, and kernels chosen by timing."""

    graphs: int
    packed: int
    autotuned: int


def configure(compiled: Compiled) -> None:
    """Tell TorchInductor how to compile whatever is compiled in this process.

    Freezing is told to all of the process: torch.compile's own options do not reach the tracer, which then takes the
    weights for inputs, and nothing is packed. The C++ templates of matrix products need frozen weights.
    """
    torch._inductor.config.freezing = compiled in ("freezing", "max-autotune")
    torch._inductor.config.max_autotune = compiled == "max-autotune"
    if compiled == "max-autotune":
        from torch._inductor.select_algorithm import add_feedback_saver  # noqa: PLC0415 - large, and for one row

        add_feedback_saver(_count_choice)


def _count_choice(timings: Mapping[object, float], *_: object) -> None:
    """Count a product whose kernel is chosen among several by their times, whether these were measured now or before.

    It is counted beside torch's own, which a compiled graph that comes from the cache brings along.
    """
    if len(timings) > 1:
        counters["inductor"][AUTOTUNED] += 1


def compilation() -> Compilation:
    """Return what torch.compile has done in this process."""
    inductor = counters["inductor"]
    return Compilation(
        graphs=counters["stats"]["unique_graphs"],
        packed=sum(inductor[name] for name in PACKED),
        autotuned=inductor[AUTOTUNED],
    )
