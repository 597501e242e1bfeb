"""The name of an export in the cache: the worker makes it, and the parent knows whether it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

# The packages that decide the bytes of an export: the tracer, the converter and those that drive them.
EXPORTERS = ("openvino", "optimum-intel", "optimum", "torch", "diffusers", "transformers", "nncf")
ONNX_EXPORTERS = ("onnxruntime", "optimum-onnx", "optimum", "torch", "diffusers", "transformers", "onnx")


def export_key(checkpoint_digest: str, packages: Mapping[str, str], exporters: Sequence[str] = EXPORTERS) -> str:
    """Return the name of an export, made of the checkpoint's content and the versions that export it.

    The first of the exporters is what the export is for.
    """
    made_by = [f"{package}=={packages.get(package)}" for package in exporters]
    digest = hashlib.sha256("\n".join([checkpoint_digest, *made_by]).encode()).hexdigest()
    return f"{exporters[0]}-{packages.get(exporters[0])}-{digest[:16]}"
