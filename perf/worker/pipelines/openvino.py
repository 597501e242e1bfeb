"""The backend of OpenVINO and optimum-intel: exported once into the cache, loaded with dynamic or static shapes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from openvino import CompiledModel, Core, Model, ProfilingInfo
from optimum import intel

from perf.records.evidence import Kernel, Layer, Peak, State, grouped
from perf.records.part import Part
from perf.spec import families
from perf.spec.variant import Variant
from perf.worker.exports import exported
from perf.worker.layers import in_layers
from perf.worker.peaks import of_openvino, of_torch
from perf.worker.pipelines import BuildRequest, Observed, Replay
from perf.worker.pipelines.built import Built, use_scheduler
from perf.worker.pipelines.profiles import executed, named, primitives, quantized_weights


def build(request: BuildRequest) -> Built:
    """Load the export, made now unless the cache has it, and compile it for the CPU."""
    began = time.perf_counter()
    folder = exported(request)
    export_s = time.perf_counter() - began
    name = request.described.family.openvino_pipeline
    assert name, "the parent asks for no other family"
    pipe = getattr(intel, name).from_pretrained(
        folder, compile=False, local_files_only=True, ov_config=dict(request.variant.ov_config)
    )
    if request.variant.static_shape:
        size = request.size
        pipe.reshape(batch_size=1, height=size.height, width=size.width, num_images_per_prompt=request.batch)
        if not request.is_guided:
            set_batch(families.denoiser_of(pipe).model, request.batch)
    pipe.compile()
    use_scheduler(pipe, request)
    return Built(pipe, export_s=export_s)


def measure_peak(variant: Variant) -> Peak:
    """Measure what torch reaches, by the library that OpenVINO computes with too, and in 8 bits what OpenVINO does."""
    peak = of_torch.measure()
    if variant.quantized == "int8-hybrid":
        return replace(peak, int8_convolution_flop_per_s=of_openvino.int8_convolution_flop_per_s())
    return peak


def set_batch(model: Model, batch: int) -> None:
    """Give a UNet's inputs the batch that they have without guidance, which the pipeline's own reshape never does."""
    ports = [port for port in model.inputs if port.get_partial_shape().rank.get_length() > 0]
    model.reshape({port: [batch, *list(port.get_partial_shape())[1:]] for port in ports})


def observe(built: Built, replay: Replay) -> Observed:
    """Read kernels and layers from OpenVINO's own profile of a call of each part, and the state from the denoiser."""
    pipe = built.pipe
    denoiser = families.denoiser_of(pipe)
    kernels: list[Kernel] = []
    layers: list[Layer] = []
    for part, model in {Part.UNET_STEP: denoiser, Part.VAE_DECODE: pipe.vae.decoder}.items():
        profiled = profile(model, part, replay)
        kernels += grouped(part, executed(profiled, primitives(model.request)))
        layers += in_layers(part, named(profiled))
    get_property = denoiser.request.get_property
    state = State(
        scheduler=type(pipe.scheduler).__name__,
        threads=get_property("INFERENCE_NUM_THREADS"),
        weights=quantized_weights(denoiser.model),
        precision=get_property("INFERENCE_PRECISION_HINT").to_string(),
        dynamic_shapes=denoiser.model.is_dynamic(),
        streams=get_property("NUM_STREAMS"),
        pinned=get_property("ENABLE_CPU_PINNING"),
    )
    return Observed(kernels=tuple(kernels), layers=tuple(layers), state=state)


def profile(model: Any, part: Part, replay: Replay) -> list[ProfilingInfo]:
    """Return what was executed in one call, timed in a second copy of the model.

    Keeping a profile costs time, so the model that is timed keeps none.
    """
    timed: CompiledModel = model.request
    (device,) = timed.get_property("EXECUTION_DEVICES")
    config = {**model.ov_config, "PERF_COUNT": True}
    profiled = Core().compile_model(model.model, device, config).create_infer_request()
    model.request = profiled.infer
    try:
        replay(part)
    finally:
        model.request = timed
    found: list[ProfilingInfo] = profiled.get_profiling_info()
    return found
