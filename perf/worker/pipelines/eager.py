"""The backend of plain PyTorch: float32, bf16 autocast, weights of 16 bits, channels_last, torch.compile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import diffusers
import torch

from perf.records.evidence import LOOKED_AT, Layer, Peak, State, grouped
from perf.records.part import Part
from perf.spec import families
from perf.spec.variant import Precision, Variant
from perf.worker import verbose
from perf.worker.described import Described
from perf.worker.layers import in_layers, timing
from perf.worker.peaks import of_torch
from perf.worker.pipelines import BuildRequest, Observed, Replay, inductor
from perf.worker.pipelines.built import Built, autocast_bf16, use_scheduler

WEIGHTS: dict[Precision, torch.dtype] = {"bf16-weights": torch.bfloat16, "fp16-weights": torch.float16}
SHORT = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}  # oneDNN's names


def build(request: BuildRequest) -> Built:
    """Load the checkpoint in the variant's precision and memory format, and compile it if the variant says so."""
    pipe = load(request)
    if request.variant.compiled:
        inductor.configure(request.variant.compiled)
        compile_models(pipe)
    return finish(pipe, request.variant)


def load(request: BuildRequest) -> diffusers.DiffusionPipeline:
    """Load the pipeline with the variant's scheduler, VAE, weight type and memory format; shared with IPEX."""
    variant = request.variant
    pipe = getattr(diffusers, request.described.family.pipeline).from_pretrained(
        str(request.checkpoint),
        local_files_only=True,
        use_safetensors=True,  # pickles can run code
        **dict.fromkeys(request.described.left_out),  # not every pipeline takes model_index.json's word for it
    )
    use_scheduler(pipe, request)
    if variant.vae == "taesd":
        pipe.vae = diffusers.AutoencoderTiny.from_pretrained(
            str(request.small_vae), local_files_only=True, use_safetensors=True
        )
    if variant.precision in WEIGHTS:
        pipe.to(WEIGHTS[variant.precision])
    if variant.channels_last:
        for model in models(pipe, request.described).values():
            model.to(memory_format=torch.channels_last)
    return pipe


def models(pipe: diffusers.DiffusionPipeline, checkpoint: Described) -> dict[str, torch.nn.Module]:
    """Return the pipeline's models by component name."""
    return {name: getattr(pipe, name) for name in checkpoint.components}


def compile_models(pipe: diffusers.DiffusionPipeline) -> None:
    """Compile the two calls that take the time.

    Their bound methods are compiled and not the models, so that a clock put around them stays outside the graph.
    """
    denoiser = families.denoiser_of(pipe)
    denoiser.forward = torch.compile(denoiser.forward)
    pipe.vae.decode = torch.compile(pipe.vae.decode)


def finish(pipe: diffusers.DiffusionPipeline, variant: Variant) -> Built:
    """Return the pipeline with the context and the type of latents that the variant's precision needs."""
    if variant.precision == "bf16-autocast":
        return Built(pipe, context=autocast_bf16)
    return Built(pipe, latents_dtype=WEIGHTS.get(variant.precision, torch.float32))


def measure_peak(variant: Variant) -> Peak:
    """Measure what torch reaches; shared with IPEX."""
    return of_torch.measure(with_fp16=variant.precision == "fp16-weights")


def observe(built: Built, replay: Replay) -> Observed:
    """Read the kernels from the libraries' logs of one call of each part, and the state from torch and the denoiser.

    Shared with IPEX.
    """
    mkldnn, mkl = torch.backends.mkldnn, torch.backends.mkl
    with mkldnn.verbose(mkldnn.VERBOSE_ON), mkl.verbose(mkl.VERBOSE_ON):
        logs = {part: verbose.capture(partial(replay, part)) for part in LOOKED_AT}
    denoiser, threads = families.denoiser_of(built.pipe), torch.get_num_threads()
    compilation = inductor.compilation()
    state = State(
        scheduler=type(built.pipe.scheduler).__name__,
        threads=threads,
        weights=weight_types(denoiser),
        channels_last=channels_last(denoiser),
        graphs=compilation.graphs,
        packed=compilation.packed or None,
        autotuned=compilation.autotuned or None,
        isa=verbose.isa("".join(logs.values())),
    )
    kernels = [kernel for part, log in logs.items() for kernel in grouped(part, verbose.executed(log, threads))]
    return Observed(kernels=tuple(kernels), layers=tuple(time_layers(built, replay)), state=state)


def time_layers(built: Built, replay: Replay) -> Iterator[Layer]:
    """Yield the layers of one more call of each part: in the one that is logged, the logs take half of the time.

    A model that was compiled has none: it would be compiled again with the clocks in it.
    """
    if inductor.compilation().graphs:
        return
    looked_at = {Part.UNET_STEP: families.denoiser_of(built.pipe), Part.VAE_DECODE: built.pipe.vae}
    for part, model in looked_at.items():
        with timing(model) as timed:
            replay(part)
        yield from in_layers(part, timed)


def weight_types(model: torch.nn.Module) -> dict[str, int]:
    """Return the number of weights of each type."""
    counts: Counter[str] = Counter()
    for weight in model.parameters():
        counts[SHORT.get(weight.dtype, str(weight.dtype))] += weight.numel()
    return dict(counts)


def channels_last(model: torch.nn.Module) -> float | None:
    """Return the share of the convolutions whose weights are in that format; None without any convolution.

    Weights of 1x1 are left out, since they are in both formats at once.
    """
    weights = [layer.weight for layer in model.modules() if isinstance(layer, torch.nn.Conv2d)]
    larger = [weight for weight in weights if weight.shape[2:] != (1, 1)]
    if not larger:
        return None
    in_format = [weight for weight in larger if weight.is_contiguous(memory_format=torch.channels_last)]
    return len(in_format) / len(larger)
