"""The backend of Intel Extension for PyTorch, as in the source article: models optimised in place, under autocast."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import intel_extension_for_pytorch as ipex
import torch

from perf.spec import families
from perf.worker.inputs import filled, positional
from perf.worker.pipelines import BuildRequest, Observed, Replay, eager
from perf.worker.pipelines.built import Built
from perf.worker.pipelines.eager import measure_peak

__all__ = ["build", "measure_peak", "observe"]


def build(request: BuildRequest) -> Built:
    """Load as plain PyTorch does, and have IPEX prepack every model, the denoiser for a sample input if it has one."""
    pipe, checkpoint = eager.load(request), request.described
    for name, model in eager.models(pipe, checkpoint).items():
        has_sample = name == checkpoint.family.denoiser and request.variant.sample_input
        sample = denoiser_sample(model, request) if has_sample else None
        optimised = ipex.optimize(model.eval(), dtype=torch.bfloat16, inplace=True, sample_input=sample)
        setattr(pipe, name, optimised)
    return eager.finish(pipe, request.variant)


def denoiser_sample(model: torch.nn.Module, request: BuildRequest) -> tuple[Any, ...]:
    """Return inputs of the denoiser, in the order of its parameters and the shapes that it sees in this measurement."""
    checkpoint = request.described
    shapes = checkpoint.denoiser_inputs(request.size, request.denoiser_batch)
    return positional(model, filled(shapes, torch.rand))


def observe(built: Built, replay: Replay) -> Observed:
    """Read what is read of plain PyTorch, and how much of the denoiser IPEX has prepacked."""
    observed = eager.observe(built, replay)
    return replace(observed, state=replace(observed.state, prepacked=prepacked(families.denoiser_of(built.pipe))))


def prepacked(model: torch.nn.Module) -> float:
    """Return the share of the convolutions and linear layers that IPEX has replaced with its own."""
    names = [type(layer).__name__ for layer in model.modules()]
    own = sum(name in {"_IPEXConv2d", "_IPEXLinear"} for name in names)
    plain = sum(name in {"Conv2d", "Linear"} for name in names)
    return own / (own + plain)
