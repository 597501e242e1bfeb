"""Writing of a safetensors file tensor by tensor, which the library's own function does from memory alone.

The bytes are those that the library writes, so a checkpoint has one digest however it was made. The format is described
at https://huggingface.co/docs/safetensors/index#format.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Shapes = dict[str, tuple[int, ...]]
Weights = np.ndarray[Any, np.dtype[np.float32]]

FLOAT32_BYTES = 4
ALIGNED_TO = 8  # the tensors begin at a multiple of as many bytes: the header is filled up with blanks


def write(path: Path, shapes: Mapping[str, tuple[int, ...]], make: Callable[[str, tuple[int, ...]], Weights]) -> None:
    """Write a file of float32 tensors, in the order of their names; ``make(name, shape)`` returns one of them."""
    with path.open("wb") as file:
        file.write(header(shapes))
        for name in sorted(shapes):
            file.write(np.ascontiguousarray(make(name, shapes[name]), dtype="<f4").data)


def header(shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """Return the beginning of the file: the header's length, and where each tensor is."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name in sorted(shapes):
        begin, end = end, end + FLOAT32_BYTES * math.prod(shapes[name])
        entries[name] = {"dtype": "F32", "shape": list(shapes[name]), "data_offsets": [begin, end]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNED_TO)
    return struct.pack("<Q", len(text)) + text
