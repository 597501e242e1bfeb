"""The check that a folder holds a complete Stable Diffusion checkpoint, without torch."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from perf.errors import BadCheckpoint, DamagedCheckpoint
from perf.host.regular_file import opened, read_text
from perf.records.strict_json import parse
from perf.spec.families import BY_CLASS, Family

# Of a component's class, in model_index.json. Any other name is that of a module which diffusers imports, from the
# folder itself if it is there: code of whoever made the checkpoint.
LIBRARIES = {"diffusers", "transformers", "stable_diffusion"}
MAX_JSON_BYTES = 64 * 1024**2  # a tokenizer's vocabulary has one
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors format
BITS = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class SafetensorsHeader:
    """What the header of a safetensors file says of it, and the size that the file has."""

    actual_bytes: int
    expected_bytes: int
    parameters: int


def check(folder: Path) -> None:
    """Raise BadCheckpoint unless ``folder`` is a complete checkpoint of a known family in the diffusers layout."""
    for component, stem in weighted(folder).items():
        check_component(folder / component, stem)


def check_component(folder: Path, stem: str) -> None:
    """Raise BadCheckpoint unless ``folder`` holds a configuration, and complete files of weights that begin so."""
    read_json(folder / "config.json")
    for path in weight_files(folder, stem):
        check_safetensors(path)


def family_of(folder: Path) -> Family:
    """Return the family of the pipeline that model_index.json names. Raises BadCheckpoint for any other."""
    name = read_json(folder / "model_index.json").get("_class_name")
    if not isinstance(name, str) or name not in BY_CLASS:
        raise BadCheckpoint(f"{folder} is a {name}; the suite measures {', '.join(sorted(BY_CLASS))}")
    return BY_CLASS[name]


def weighted(folder: Path) -> dict[str, str]:
    """Return the checkpoint's components with weights -> how the files of their weights begin."""
    weights = family_of(folder).weights
    return {component: weights[component] for component in components(folder) if component in weights}


def components(folder: Path) -> list[str]:
    """Return the components that model_index.json names, which are folders; some may be left out.

    Raises BadCheckpoint for another kind of pipeline, and for a class that is of none of the LIBRARIES.
    """
    path = folder / "model_index.json"
    family, index = family_of(folder), read_json(path)
    classes = {name: value for name, value in index.items() if isinstance(value, list)}
    for name, value in classes.items():
        if len(value) != 2 or not (value == [None, None] or value[0] in LIBRARIES):
            known = ", ".join(sorted(LIBRARIES))
            raise BadCheckpoint(f"{path}: {name} is {value}, code that is not loaded here; its library must be {known}")
    present = [name for name, value in classes.items() if value != [None, None]]
    if missing := family.weights.keys() - family.optional - set(present):
        raise BadCheckpoint(f"{path} names no {min(missing)}")
    return present


def loaded_files(folder: Path) -> list[Path]:
    """Return the files that loading the checkpoint reads, in order; whatever else lies beside them does not matter.

    Raises BadCheckpoint.
    """
    files, stems = [folder / "model_index.json"], weighted(folder)
    for component in components(folder):
        place = folder / component
        if stem := stems.get(component):
            files += [place / "config.json", *weight_files(place, stem), *_index_of(place, stem)]
        else:
            files += [path for path in place.glob("[!.]*") if path.is_file()]
    return sorted(files)


def weight_files(component: Path, stem: str) -> list[Path]:
    """Return the files of a component's weights that diffusers loads, one or several shards. Raises BadCheckpoint."""
    single = component / f"{stem}.safetensors"
    if single.exists():
        return [single]
    if not (indices := _index_of(component, stem)):
        raise BadCheckpoint(_why_no_weights(component, single))
    shards = read_json(indices[0]).get("weight_map")
    if not isinstance(shards, dict) or not shards or not all(_is_file_name(name) for name in shards.values()):
        raise BadCheckpoint(f"{indices[0]} has no weight_map of files beside it")
    return [component / name for name in sorted(set(shards.values()))]


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the object in one of a checkpoint's JSON files. Raises BadCheckpoint."""
    try:
        content = parse(read_text(path, MAX_JSON_BYTES))
    except OSError as error:
        where = path.parent if path.name == "model_index.json" else path.parent.parent
        reason = f"no {path.name}" if isinstance(error, FileNotFoundError) else f"{path.name}: {error.strerror}"
        raise BadCheckpoint(f"{where} is not a diffusers checkpoint: {reason} in {path.parent}") from None
    except ValueError as error:
        raise DamagedCheckpoint(f"{path} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise DamagedCheckpoint(f"{path} holds no JSON object")
    return content


def parameters(folder: Path) -> dict[str, int]:
    """Return the number of parameters of each component with weights, by its files. Raises BadCheckpoint."""
    return {
        component: sum(read_header(path).parameters for path in weight_files(folder / component, stem))
        for component, stem in weighted(folder).items()
    }


def check_safetensors(path: Path) -> None:
    """Compare the file's size with the one that its header implies; only the header is read. Raises BadCheckpoint."""
    header = read_header(path)
    if header.actual_bytes != header.expected_bytes:
        raise DamagedCheckpoint(
            f"{path} is damaged: {header.actual_bytes:,} bytes, its header implies {header.expected_bytes:,}"
        )


def read_header(path: Path) -> SafetensorsHeader:
    """Read the header of a safetensors file. Raises BadCheckpoint.

    The format: 8 bytes with the header's length, the header in JSON, then the tensors at the offsets that it gives
    (https://huggingface.co/docs/safetensors/index#format).
    """
    try:
        with opened(path) as descriptor, open(descriptor, "rb", closefd=False) as stream:
            return _read_header(path, stream, os.fstat(descriptor).st_size)
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror}") from None


def _read_header(path: Path, stream: BinaryIO, actual_bytes: int) -> SafetensorsHeader:
    start = stream.read(8)
    header_bytes = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER_BYTES + 1
    if header_bytes > min(MAX_HEADER_BYTES, actual_bytes):
        raise DamagedCheckpoint(f"{path} is truncated or not a safetensors file ({actual_bytes:,} bytes)")
    try:
        tensors = [tensor for name, tensor in json.loads(stream.read(header_bytes)).items() if name != "__metadata__"]
        return SafetensorsHeader(
            actual_bytes=actual_bytes,
            expected_bytes=8 + header_bytes + max(tensor["data_offsets"][1] for tensor in tensors),
            parameters=min(sum(map(_numbers, tensors)), actual_bytes),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError):
        raise DamagedCheckpoint(f"{path} has no valid safetensors header") from None


def _numbers(tensor: Mapping[str, Any]) -> int:
    """Return how many numbers a tensor has, of a type such as F32, BF16 or F8_E4M3."""
    begin, end = tensor["data_offsets"]
    bits = BITS.search(tensor["dtype"])
    return int(8 * (end - begin) // (int(bits[0]) if bits else 8))


def _index_of(component: Path, stem: str) -> list[Path]:
    """Return the index of a component's shards, if it has one and is not a single file."""
    index = component / f"{stem}.safetensors.index.json"
    return [index] if index.exists() and not (component / f"{stem}.safetensors").exists() else []


def _is_file_name(name: object) -> bool:
    return isinstance(name, str) and name.endswith(".safetensors") and Path(name).name == name


def _why_no_weights(component: Path, wanted: Path) -> str:
    """Say what is there instead of the weights that would be loaded."""
    others = sorted(path.name for path in component.glob("[!.]*") if path.suffix in {".safetensors", ".bin"})
    if not others:
        return f"{component} has no weights: no {wanted.name}"
    if any(name.startswith("openvino") for name in others):
        return f"{component} has no {wanted.name}: it is an export to OpenVINO; give the checkpoint that it was made of"
    if any(name.endswith(".safetensors") for name in others):
        return f"{component} has no {wanted.name}, but {', '.join(others)}, which is not loaded without its own name"
    return (
        f"{component} has only {', '.join(others)}: pickles can run code; convert them, or take a checkpoint with "
        f"{wanted.name}"
    )
