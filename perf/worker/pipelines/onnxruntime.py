"""The backend of ONNX Runtime and optimum-onnx: exported once into the cache, in float32."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optimum.onnxruntime
from onnxruntime import InferenceSession, SessionOptions
from optimum.exporters.onnx import main_export

from perf.host.cache import forget_unused, make_once, size_bytes
from perf.host.exports import ONNX_EXPORTERS, export_key
from perf.records.evidence import Executed, Kernel, Layer, State, grouped
from perf.records.part import Part
from perf.worker.layers import in_layers, layer_of
from perf.worker.pipelines import BuildRequest, Observed, Replay
from perf.worker.pipelines.built import Built, use_scheduler
from perf.worker.pipelines.eager import measure_peak

__all__ = ["build", "measure_peak", "observe"]

PRODUCTS = {"Conv": "convolution", "FusedConv": "convolution", "MatMul": "matmul", "FusedMatMul": "matmul"}
PRODUCTS |= {"Gemm": "matmul", "FusedGemm": "matmul"}
TYPES = {"float": "f32", "float16": "f16", "bfloat16": "bf16", "int8": "i8", "uint8": "u8"}
RAN = "_kernel_time"  # ends the name of an event that is an operation
MICROSECONDS = 1e6

Event = Mapping[str, Any]


def build(request: BuildRequest) -> Built:
    """Load the export, made now unless the cache has it."""
    began = time.perf_counter()
    folder = export_once(request)
    export_s = time.perf_counter() - began
    pipeline = getattr(optimum.onnxruntime, f"ORT{request.described.family.pipeline}")
    pipe = pipeline.from_pretrained(folder, local_files_only=True, session_options=options())
    use_scheduler(pipe, request)
    return Built(pipe, export_s=export_s)


def options() -> SessionOptions | None:
    """Return a thread for each CPU that this process may use, or None for the usual options where it may use all.

    By itself ONNX Runtime takes all cores of the machine, and binds its threads to them whatever the process may use.
    """
    cpus = len(os.sched_getaffinity(0))
    if cpus == os.cpu_count():
        return None
    bound = SessionOptions()
    bound.intra_op_num_threads = cpus
    return bound


def export_once(request: BuildRequest) -> Path:
    """Return the folder of this checkpoint's export by the installed versions, made now unless the cache has it."""

    def export(folder: Path) -> None:
        main_export(
            str(request.checkpoint),
            folder,
            task="text-to-image",
            library_name="diffusers",
            local_files_only=True,
        )

    packages = {package: version(package) for package in ONNX_EXPORTERS}
    target = request.exports / export_key(request.checkpoint_digest, packages, ONNX_EXPORTERS)
    exported = make_once(target, export, size_bytes(request.checkpoint))
    forget_unused(request.exports)
    return exported


def observe(built: Built, replay: Replay) -> Observed:
    """Read kernels, layers and threads from ONNX Runtime's own profile of a call of each part."""
    pipe = built.pipe
    kernels: list[Kernel] = []
    layers: list[Layer] = []
    threads = 0
    for part, model in {Part.UNET_STEP: pipe.unet, Part.VAE_DECODE: pipe.vae.decoder}.items():
        events = profile(model, part, replay)
        kernels += grouped(part, map(executed, events))
        layers += in_layers(part, named(events))
        threads = max(threads, *map(threads_of, events))
    return Observed(
        kernels=tuple(kernels),
        layers=tuple(layers),
        state=State(scheduler=type(pipe.scheduler).__name__, threads=threads),
    )


def profile(model: Any, part: Part, replay: Replay) -> list[Event]:
    """Return the operations of one call, timed in a second session of the model, with the options of the first."""
    timed = model.session
    options = timed.get_session_options()
    options.enable_profiling = True
    options.profile_file_prefix = str(part).replace(" ", "-")  # in the worker's own folder
    model.session = profiled = InferenceSession(model.path, options, providers=timed.get_providers())
    try:
        replay(part)
    finally:
        model.session = timed
    events = json.loads(Path(profiled.end_profiling()).read_text(encoding="utf-8"))
    return [event for event in events if event.get("cat") == "Node" and event["name"].endswith(RAN)]


def executed(event: Event) -> Executed:
    """Return what an event executed, with its seconds; the type is that of its first input."""
    about = event["args"]
    operation = PRODUCTS.get(about["op_name"], about["op_name"].lower())
    inputs: Sequence[Mapping[str, object]] = about["input_type_shape"]
    first = next((name for types in inputs for name in types), "")
    implementation = f"{about['provider']}:{about['op_name']}"
    return operation, implementation, TYPES.get(first, first), event["dur"] / MICROSECONDS


def named(events: Sequence[Event]) -> Iterator[tuple[str, float]]:
    """Yield the layer that each operation belongs to and its seconds.

    Its name is a path of the model's modules, ``/down_blocks.0/resnets.0/conv1/Conv``; what ONNX Runtime has added has
    none, and belongs to no layer.
    """
    for event in events:
        root, _, path = event["name"].rpartition("/")[0].partition("/")
        if not root and (layer := layer_of(path.replace("/", "."))):
            yield layer, event["dur"] / MICROSECONDS


def threads_of(event: Event) -> int:
    """Return how many threads had a part in an operation, or stood by for it; of one by itself nothing is told."""
    scheduled = event["args"].get("thread_scheduling_stats") or {}
    return len(scheduled.get("sub_threads", ())) + 1
