"""PyTorch with fused projections: each attention of the UNet makes query, key and value by one product, not by three.

This is the pipeline that a product would ship; the suite measures it, and checks what it claims.
"""

from __future__ import annotations

from collections.abc import Iterator

from diffusers.models.attention_processor import Attention, FusedAttnProcessor2_0

from perf.worker.contract import BuildRequest, Claim, Observed
from perf.worker.contract.of_diffusers import Built, denoiser_of, finish, load, measure_peak, observe

__all__ = ["CONTRACT", "build", "check_claims", "measure_peak", "observe"]

CONTRACT = 1  # the version of perf.worker.contract that this is written for


def build(request: BuildRequest) -> Built:
    """Load the checkpoint in the row's precision and memory format, and fuse the projections of its UNet."""
    pipe = load(request)
    denoiser_of(pipe).fuse_qkv_projections()
    return finish(pipe, request.variant)


def check_claims(built: Built, observed: Observed) -> Iterator[Claim]:
    """Claim that every attention of the UNet is fused, by the model that has just been measured."""
    attentions = [layer for layer in denoiser_of(built.pipe).modules() if isinstance(layer, Attention)]
    fused = sum(isinstance(attention.processor, FusedAttnProcessor2_0) for attention in attentions)
    yield Claim("fused", fused == len(attentions) > 0, f"{fused} of {len(attentions)} attentions of the UNet are fused")
