"""OpenVINO through optimum-intel: exported once into the cache, then loaded with dynamic or static shapes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from openvino import CompiledModel, Core, ProfilingInfo
from optimum.exporters.openvino import main_export
from optimum.intel import OVConfig, OVStableDiffusionPipeline

from perf.host.cache import forget_unused, make_once
from perf.records.evidence import Executed, Kernel, State, grouped
from perf.records.part import Part
from perf.worker.pipelines import BuildRequest, Observed, Replay
from perf.worker.pipelines.built import Built, use_scheduler

# What decides the bytes of an export: the tracer, the converter and those that drive them.
EXPORTERS = ("openvino", "optimum-intel", "optimum", "torch", "diffusers", "transformers", "nncf")

# OpenVINO's words in oneDNN's.
LAYERS = {"Convolution": "convolution", "FullyConnected": "matmul", "MatMul": "matmul"}
TYPES = {"FP32": "f32", "BF16": "bf16", "FP16": "f16"}


def build(request: BuildRequest) -> Built:
    """Load the export, made now if it is not in the cache, and compile it for the CPU."""
    began = time.perf_counter()
    exported = export_once(request)
    export_s = time.perf_counter() - began
    pipe = OVStableDiffusionPipeline.from_pretrained(exported, compile=False, local_files_only=True)
    if request.variant.static_shape:
        size = request.size
        pipe.reshape(batch_size=1, height=size.height, width=size.width, num_images_per_prompt=1)
    pipe.compile()
    use_scheduler(pipe, request.variant, request.checkpoint)
    return Built(pipe=pipe, export_s=export_s)


def export_once(request: BuildRequest) -> Path:
    """The folder of this checkpoint's export by these versions."""
    checkpoint_bytes = sum(path.stat().st_size for path in request.checkpoint.rglob("*") if path.is_file())

    def export(folder: Path) -> None:
        # Not by OVStableDiffusionPipeline, which would write it to a temporary folder first, and leave that behind.
        main_export(
            str(request.checkpoint),
            folder,
            task="text-to-image",
            library_name="diffusers",
            ov_config=OVConfig(dtype="auto"),  # the checkpoint's own, never 8 bits
            local_files_only=True,
        )

    forget_unused(request.exports)
    return make_once(request.exports / export_key(request.checkpoint_digest), export, checkpoint_bytes)


def export_key(checkpoint_digest: str) -> str:
    """Name of an export: the checkpoint's content and the versions that made it."""
    made_by = [f"{package}=={version(package)}" for package in EXPORTERS]
    digest = hashlib.sha256("\n".join([checkpoint_digest, *made_by]).encode()).hexdigest()
    return f"openvino-{version('openvino')}-{digest[:16]}"


def observe(built: Built, replay: Replay) -> Observed:
    """Kernels by OpenVINO's own profile of one call of each part; the rest as the compiled UNet states it."""
    pipe = built.pipe
    profiled = {Part.UNET_STEP: pipe.unet, Part.VAE_DECODE: pipe.vae.decoder}
    kernels = [kernel for part, model in profiled.items() for kernel in profile(model, part, replay)]
    ask = pipe.unet.request.get_property
    state = State(
        scheduler=type(pipe.scheduler).__name__,
        threads=ask("INFERENCE_NUM_THREADS"),
        precision=ask("INFERENCE_PRECISION_HINT").to_string(),
        dynamic_shapes=pipe.unet.model.is_dynamic(),
        streams=ask("NUM_STREAMS"),
        pinned=ask("ENABLE_CPU_PINNING"),
    )
    return tuple(kernels), state


def profile(model: Any, part: Part, replay: Replay) -> tuple[Kernel, ...]:
    """The layers of one call: what they are by the model that was timed, their times by a second copy of it.

    To keep a profile costs time, so the model that is timed keeps none.
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
    return grouped(part, executed(profiled.get_profiling_info(), primitives(timed)))


def primitives(compiled: CompiledModel) -> dict[str, str]:
    """What each layer of a compiled model runs, by the layer's name."""
    layers = compiled.get_runtime_model().get_ops()
    return {layer.get_friendly_name(): layer.get_rt_info()["primitiveType"].value for layer in layers}


def executed(layers: Iterable[ProfilingInfo], primitives: Mapping[str, str]) -> Iterator[Executed]:
    """The layers that were executed."""
    for layer in layers:
        if layer.status == ProfilingInfo.Status.EXECUTED:
            primitive = primitives.get(layer.node_name, layer.exec_type)
            implementation, _, precision = primitive.rpartition("_")
            operation = LAYERS.get(layer.node_type, layer.node_type.lower())
            yield operation, implementation, TYPES.get(precision, precision), layer.real_time.total_seconds()
