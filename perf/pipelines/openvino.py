"""OpenVINO through optimum-intel: exported once into the cache, then loaded with dynamic or static shapes."""

from __future__ import annotations

import hashlib
import time
from importlib.metadata import version
from pathlib import Path

from optimum.intel import OVStableDiffusionPipeline

from perf.cache import make_once
from perf.pipelines import BuildRequest
from perf.pipelines.built import Built, use_scheduler

# What decides the bytes of an export: the tracer, the converter and those that drive them.
EXPORTERS = ("openvino", "optimum-intel", "optimum", "torch", "diffusers", "transformers", "nncf")


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
        pipe = OVStableDiffusionPipeline.from_pretrained(
            str(request.checkpoint), export=True, compile=False, load_in_8bit=False, local_files_only=True
        )
        pipe.save_pretrained(folder)

    # Twice: optimum-intel writes the export to a temporary folder first and copies it from there.
    return make_once(request.exports / export_key(request.checkpoint_digest), export, 2 * checkpoint_bytes)


def export_key(checkpoint_digest: str) -> str:
    """Name of an export: the checkpoint's content and the versions that made it."""
    made_by = [f"{package}=={version(package)}" for package in EXPORTERS]
    digest = hashlib.sha256("\n".join([checkpoint_digest, *made_by]).encode()).hexdigest()
    return f"openvino-{version('openvino')}-{digest[:16]}"
