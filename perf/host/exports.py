"""The name of an export to OpenVINO in the cache: the worker makes it, and the parent knows whether it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

# The packages that decide the bytes of an export: the tracer, the converter and those that drive them.
EXPORTERS = ("openvino", "optimum-intel", "optimum", "torch", "diffusers", "transformers", "nncf")


def export_key(checkpoint_digest: str, packages: Mapping[str, str]) -> str:
    """Return the name of an export, made of the checkpoint's content and the versions that export it."""
    made_by = [f"{package}=={packages.get(package)}" for package in EXPORTERS]
    digest = hashlib.sha256("\n".join([checkpoint_digest, *made_by]).encode()).hexdigest()
    return f"openvino-{packages.get('openvino')}-{digest[:16]}"
