"""The backend of Intel Extension for PyTorch, as in the source article: models optimised in place, under autocast."""

from __future__ import annotations

from dataclasses import replace

import intel_extension_for_pytorch as ipex
import torch
from diffusers import StableDiffusionPipeline

from perf.spec.protocol import GUIDED_BATCH, Size
from perf.worker.parts import PartsClock
from perf.worker.pipelines import BuildRequest, Observed, Replay, eager
from perf.worker.pipelines.built import Built
from perf.worker.pipelines.eager import measure_peak

__all__ = ["build", "measure_peak", "observe"]


def build(request: BuildRequest, clock: PartsClock) -> Built:
    """Load as plain PyTorch does, and have IPEX prepack every model, the UNet for a sample input if it has one."""
    pipe = eager.load(request)
    for name, model in eager.models(pipe).items():
        has_sample = name == "unet" and request.variant.sample_input
        sample = unet_sample(pipe, request.size) if has_sample else None
        optimised = ipex.optimize(model.eval(), dtype=torch.bfloat16, inplace=True, sample_input=sample)
        setattr(pipe, name, optimised)
    return eager.finish(pipe, request.variant, clock)


def unet_sample(pipe: StableDiffusionPipeline, size: Size) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return latents, a timestep and text states in the shapes that this checkpoint's UNet sees at this size."""
    config, scale = pipe.unet.config, pipe.vae_scale_factor
    latents = torch.randn(GUIDED_BATCH, config.in_channels, size.height // scale, size.width // scale)
    tokens = pipe.tokenizer.model_max_length
    return latents, torch.rand(1) * 999, torch.randn(GUIDED_BATCH, tokens, config.cross_attention_dim)


def observe(built: Built, replay: Replay) -> Observed:
    """Read what is read of plain PyTorch, and how much of the UNet IPEX has prepacked."""
    observed = eager.observe(built, replay)
    return replace(observed, state=replace(observed.state, prepacked=prepacked(built.pipe.unet)))


def prepacked(model: torch.nn.Module) -> float:
    """Return the share of the convolutions and linear layers that IPEX has replaced with its own."""
    names = [type(layer).__name__ for layer in model.modules()]
    own = sum(name in {"_IPEXConv2d", "_IPEXLinear"} for name in names)
    plain = sum(name in {"Conv2d", "Linear"} for name in names)
    return own / (own + plain)
