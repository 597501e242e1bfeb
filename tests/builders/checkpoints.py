"""Checkpoints for tests: complete, with one number for weights."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from perf.measure.checkpoint_check import MODELS
from perf.spec import synthetic


def make_checkpoint(folder: Path) -> Path:
    """Fill a folder with everything that a checkpoint must have, with one number for weights."""
    for path, text in synthetic.find("tiny").files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for component, stem in MODELS.items():
        (folder / component / f"{stem}.safetensors").write_bytes(safetensors())
    return folder


def safetensors(tensors: dict[str, Any] | None = None, data: bytes = bytes(4)) -> bytes:
    """Return the bytes of a safetensors file: length of the header, header, data."""
    single = {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    header = json.dumps(single if tensors is None else tensors).encode()
    return struct.pack("<Q", len(header)) + header + data
