"""The names of exports in the cache: a worker makes them, and the parent knows whether they are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from perf.spec import calibration
from perf.spec.variant import Quantized

# The packages that decide the bytes of an export: the tracer, the converter and those that drive them.
EXPORTERS = ("openvino", "optimum-intel", "optimum", "torch", "diffusers", "transformers", "nncf")
ONNX_EXPORTERS = ("onnxruntime", "optimum-onnx", "optimum", "torch", "diffusers", "transformers", "onnx")

EXPORTED_BY: Mapping[str, Sequence[str]] = {
    "openvino": EXPORTERS,
    "genai": EXPORTERS,
    "onnxruntime": ONNX_EXPORTERS,
}


def export_key(checkpoint_digest: str, packages: Mapping[str, str], exporters: Sequence[str] = EXPORTERS) -> str:
    """Return the name of an export, made of the checkpoint's content and the versions that export it.

    The first of the exporters is what the export is for.
    """
    made_by = [f"{package}=={packages.get(package)}" for package in exporters]
    return f"{exporters[0]}-{packages.get(exporters[0])}-{_digest(checkpoint_digest, *made_by)}"


def quantized_key(plain: str, kind: Quantized, prompts: Sequence[str]) -> str:
    """Return the name of the export in 8 bits that is derived from another, given what it may be calibrated with."""
    seen = (str(calibration.STEPS), *prompts) if kind == "int8-hybrid" else ()
    return f"{plain}-{kind}-{_digest(*seen)}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
