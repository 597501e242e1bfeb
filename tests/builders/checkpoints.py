"""Checkpoints for tests: complete, with one number for weights."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from perf.spec import synthetic
from perf.spec.families import BY_CLASS
from perf.spec.families.family import DIFFUSERS_WEIGHTS


def make_checkpoint(folder: Path, name: str = "tiny") -> Path:
    """Fill a folder with everything that the checkpoint of that name must have, with one number for weights."""
    spec = synthetic.find(name)
    for path, text in spec.files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    assert spec.index
    for component, stem in BY_CLASS[spec.index["_class_name"]].weights.items():
        if component in spec.configs:
            (folder / component / f"{stem}.safetensors").write_bytes(safetensors())
    return folder


def make_taesd(folder: Path, name: str = "tiny-taesd") -> Path:
    """Fill a folder with the small VAE of that name, with one number for weights."""
    for path, text in synthetic.find_taesd(name).files().items():
        (folder / path).write_text(text)
    (folder / f"{DIFFUSERS_WEIGHTS}.safetensors").write_bytes(safetensors())
    return folder


def safetensors(tensors: dict[str, Any] | None = None, data: bytes = bytes(4)) -> bytes:
    """Return the bytes of a safetensors file: length of the header, header, data."""
    single = {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    header = json.dumps(single if tensors is None else tensors).encode()
    return struct.pack("<Q", len(header)) + header + data
