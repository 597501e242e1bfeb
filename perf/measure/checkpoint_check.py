"""The check that a folder holds a complete Stable Diffusion checkpoint, without torch."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perf.errors import BadCheckpoint

MODELS = ("unet", "vae", "text_encoder", "safety_checker")
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors format


def check(folder: Path) -> None:
    """Raise BadCheckpoint unless ``folder`` is a complete Stable Diffusion checkpoint in the diffusers layout."""
    index = read_json(folder / "model_index.json")
    if index.get("_class_name") != "StableDiffusionPipeline":
        raise BadCheckpoint(f"{folder} is a {index.get('_class_name')}; the suite measures StableDiffusionPipeline")
    for name in MODELS:
        if name != "safety_checker" or index.get(name, [None])[0]:
            _check_weights(folder / name)


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the object in one of a checkpoint's JSON files. Raises BadCheckpoint."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        where = path.parent if path.name == "model_index.json" else path.parent.parent
        reason = f"no {path.name}" if isinstance(error, FileNotFoundError) else f"{path.name}: {error.strerror}"
        raise BadCheckpoint(f"{where} is not a diffusers checkpoint: {reason} in {path.parent}") from None
    except (ValueError, RecursionError) as error:
        raise BadCheckpoint(f"{path} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path} holds no JSON object")
    return content


def check_safetensors(path: Path) -> None:
    """Compare the file's size with the one that its header implies; only the header is read. Raises BadCheckpoint.

    The format: 8 bytes with the header's length, the header in JSON, then the tensors at the offsets that it gives
    (https://huggingface.co/docs/safetensors/index#format).
    """
    actual_bytes = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(8)
        header_bytes = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER_BYTES + 1
        if header_bytes > min(MAX_HEADER_BYTES, actual_bytes):
            raise BadCheckpoint(f"{path} is truncated or not a safetensors file ({actual_bytes:,} bytes)")
        try:
            tensors = json.loads(stream.read(header_bytes))
            ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__"]
            expected_bytes = 8 + header_bytes + max(ends)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise BadCheckpoint(f"{path} has no valid safetensors header") from None
    if actual_bytes != expected_bytes:
        raise BadCheckpoint(f"{path} is damaged: {actual_bytes:,} bytes, its header implies {expected_bytes:,}")


def _check_weights(component: Path) -> None:
    read_json(component / "config.json")
    files = [*component.glob("*.safetensors")]
    if not files and not [*component.glob("*.bin")]:
        raise BadCheckpoint(f"{component} has no weights (*.safetensors)")
    for path in files:
        check_safetensors(path)
