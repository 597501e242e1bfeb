"""The backend of OpenVINO and optimum-intel: exported once into the cache, loaded with dynamic or static shapes."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from openvino import CompiledModel, Core, ProfilingInfo
from optimum.exporters.openvino import main_export
from optimum.intel import OVConfig, OVStableDiffusionPipeline

from perf.host.cache import forget_unused, make_once
from perf.records.evidence import Executed, Kernel, Layer, State, grouped
from perf.records.part import Part
from perf.worker.layers import in_layers, layer_of
from perf.worker.pipelines import BuildRequest, Observed, Replay
from perf.worker.pipelines.built import Built, use_scheduler

# The packages that decide the bytes of an export: the tracer, the converter and those that drive them.
EXPORTERS = ("openvino", "optimum-intel", "optimum", "torch", "diffusers", "transformers", "nncf")

# OpenVINO's names -> oneDNN's.
LAYERS = {"Convolution": "convolution", "FullyConnected": "matmul", "MatMul": "matmul"}
# What is in the profile and runs nothing by itself: what was fused into something else, and the model's ends.
FUSED, ENDS = "undef", frozenset({"Parameter", "Result", "Constant"})
TRACED = re.compile(r"__module\.([\w.]+)")  # the module of an operation, as the export has named it
TYPES = {"FP32": "f32", "BF16": "bf16", "FP16": "f16"}


def build(request: BuildRequest) -> Built:
    """Load the export, made now unless the cache has it, and compile it for the CPU."""
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
    """Return the folder of this checkpoint's export by the installed versions, made now unless the cache has it."""
    checkpoint_bytes = sum(path.stat().st_size for path in request.checkpoint.rglob("*") if path.is_file())

    def export(folder: Path) -> None:
        # Not by OVStableDiffusionPipeline, which would write to a temporary folder first and leave that behind.
        main_export(
            str(request.checkpoint),
            folder,
            task="text-to-image",
            library_name="diffusers",
            ov_config=OVConfig(dtype="auto"),  # the checkpoint's own, never 8 bits
            local_files_only=True,
        )

    exported = make_once(request.exports / export_key(request.checkpoint_digest), export, checkpoint_bytes)
    forget_unused(request.exports)  # not before: what is asked for now is used again
    return exported


def export_key(checkpoint_digest: str) -> str:
    """Return the name of an export, made of the checkpoint's content and the versions that export it."""
    made_by = [f"{package}=={version(package)}" for package in EXPORTERS]
    digest = hashlib.sha256("\n".join([checkpoint_digest, *made_by]).encode()).hexdigest()
    return f"openvino-{version('openvino')}-{digest[:16]}"


def observe(built: Built, replay: Replay) -> Observed:
    """Read kernels and layers from OpenVINO's own profile of a call of each part, and the state from the UNet."""
    pipe = built.pipe
    kernels: list[Kernel] = []
    layers: list[Layer] = []
    for part, model in {Part.UNET_STEP: pipe.unet, Part.VAE_DECODE: pipe.vae.decoder}.items():
        profiled = profile(model, part, replay)
        kernels += grouped(part, executed(profiled, primitives(model.request)))
        layers += in_layers(part, named(profiled))
    get_property = pipe.unet.request.get_property
    state = State(
        scheduler=type(pipe.scheduler).__name__,
        threads=get_property("INFERENCE_NUM_THREADS"),
        precision=get_property("INFERENCE_PRECISION_HINT").to_string(),
        dynamic_shapes=pipe.unet.model.is_dynamic(),
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


def primitives(compiled: CompiledModel) -> dict[str, str]:
    """Return the name of each layer of a compiled model -> the primitive that it runs."""
    layers = compiled.get_runtime_model().get_ops()
    return {layer.get_friendly_name(): layer.get_rt_info()["primitiveType"].value for layer in layers}


def named(profiled: Iterable[ProfilingInfo]) -> Iterator[tuple[str, float]]:
    """Yield the layer that each operation belongs to and its seconds; what the compiler has added belongs to none."""
    for operation in filter(runs, profiled):
        traced = TRACED.match(operation.node_name)
        if traced and (layer := layer_of(traced[1])):
            yield layer, operation.real_time.total_seconds()


def executed(profiled: Iterable[ProfilingInfo], primitives: Mapping[str, str]) -> Iterator[Executed]:
    """Yield what was executed, with its seconds."""
    for layer in filter(runs, profiled):
        primitive = primitives.get(layer.node_name, layer.exec_type)
        implementation, _, precision = primitive.rpartition("_")
        operation = LAYERS.get(layer.node_type, layer.node_type.lower())
        yield operation, implementation, TYPES.get(precision, precision), layer.real_time.total_seconds()


def runs(operation: ProfilingInfo) -> bool:
    """Tell whether something in the profile is an operation that runs.

    Its status says so only of what took a microsecond or more, which is another set in every call of the same model.
    """
    return operation.exec_type != FUSED and operation.node_type not in ENDS
