"""Plain PyTorch: float32, bf16 autocast, bf16 weights, channels_last, torch.compile."""

from __future__ import annotations

import torch
from diffusers import StableDiffusionPipeline

from perf.pipelines import BuildRequest
from perf.pipelines.built import Built, autocast_bf16, use_scheduler
from perf.variant import Variant

MODELS = ("unet", "vae", "text_encoder", "safety_checker")


def build(request: BuildRequest) -> Built:
    """Load the checkpoint and bring it into the variant's precision, memory format and form."""
    pipe = load(request)
    if request.variant.compiled:
        compile_models(pipe)
    return finish(pipe, request.variant)


def load(request: BuildRequest) -> StableDiffusionPipeline:
    """The pipeline with the variant's scheduler, weight type and memory format; shared with IPEX."""
    variant = request.variant
    pipe = StableDiffusionPipeline.from_pretrained(str(request.checkpoint), local_files_only=True)
    use_scheduler(pipe, variant, request.checkpoint)
    if variant.precision == "bf16-weights":
        pipe.to(torch.bfloat16)
    if variant.channels_last:
        for model in models(pipe).values():
            model.to(memory_format=torch.channels_last)
    return pipe


def models(pipe: StableDiffusionPipeline) -> dict[str, torch.nn.Module]:
    """The pipeline's models by component name; a Hub checkpoint may come without a safety checker."""
    found = {name: getattr(pipe, name) for name in MODELS}
    return {name: model for name, model in found.items() if model is not None}


def compile_models(pipe: StableDiffusionPipeline) -> None:
    """Compile what takes the time. The bound methods, so that a timer put around them stays outside the graph."""
    pipe.unet.forward = torch.compile(pipe.unet.forward)
    pipe.vae.decode = torch.compile(pipe.vae.decode)


def finish(pipe: StableDiffusionPipeline, variant: Variant) -> Built:
    """State what the generation must run inside and which type the latents have."""
    if variant.precision == "bf16-autocast":
        return Built(pipe=pipe, context=autocast_bf16)
    if variant.precision == "bf16-weights":
        return Built(pipe=pipe, latents_dtype=torch.bfloat16)
    return Built(pipe=pipe)
