"""Plain PyTorch: float32, bf16 autocast, bf16 weights, channels_last, torch.compile."""

from __future__ import annotations

from collections import Counter

import torch
from diffusers import StableDiffusionPipeline

from perf.records.evidence import LOOKED_AT, State, grouped
from perf.spec.variant import Variant
from perf.worker import dynamo, verbose
from perf.worker.pipelines import BuildRequest, Observed, Replay
from perf.worker.pipelines.built import Built, autocast_bf16, use_scheduler

MODELS = ("unet", "vae", "text_encoder", "safety_checker")
SHORT = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}  # oneDNN's words


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


def observe(built: Built, replay: Replay) -> Observed:
    """Kernels by the libraries' logs of one call of each part; the rest from torch and the UNet; shared with IPEX."""
    mkldnn, mkl = torch.backends.mkldnn, torch.backends.mkl
    with mkldnn.verbose(mkldnn.VERBOSE_ON), mkl.verbose(mkl.VERBOSE_ON):
        logs = {part: verbose.capture(lambda part=part: replay(part)) for part in LOOKED_AT}  # type: ignore[misc]
    unet, threads = built.pipe.unet, torch.get_num_threads()
    state = State(
        scheduler=type(built.pipe.scheduler).__name__,
        threads=threads,
        weights=weight_types(unet),
        channels_last=channels_last(unet),
        graphs=dynamo.graphs_compiled(),
        isa=verbose.isa("".join(logs.values())),
    )
    kernels = [kernel for part, log in logs.items() for kernel in grouped(part, verbose.executed(log, threads))]
    return tuple(kernels), state


def weight_types(model: torch.nn.Module) -> dict[str, int]:
    """How many weights there are of each type."""
    found: Counter[str] = Counter()
    for weight in model.parameters():
        found[SHORT.get(weight.dtype, str(weight.dtype))] += weight.numel()
    return dict(found)


def channels_last(model: torch.nn.Module) -> float | None:
    """The share of the convolutions larger than 1x1 whose weights are in that format; None if there are none."""
    kernels = [layer.weight for layer in model.modules() if isinstance(layer, torch.nn.Conv2d)]
    telling = [kernel for kernel in kernels if kernel.shape[2:] != (1, 1)]
    if not telling:
        return None
    found = [bool(kernel.is_contiguous(memory_format=torch.channels_last)) for kernel in telling]
    return sum(found) / len(found)
