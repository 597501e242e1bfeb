"""Tool that writes a synthetic checkpoint, or downloads one from the Hub. Run by a stack's interpreter.

    python -m perf.worker.checkpoint synthetic NAME FOLDER
    python -m perf.worker.checkpoint taesd NAME FOLDER
    python -m perf.worker.checkpoint hub ID

The weights do not come from torch's own initialisation, whose bytes depend on the instruction set that its random
generator was vectorised for. numpy's Philox draws each tensor from a seed of its own, made of the checkpoint's seed and
the tensor's name: raw integers and exact float32 arithmetic, the same bits on every machine.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from huggingface_hub import snapshot_download

from perf.spec import synthetic
from perf.spec.tokenizer import Config
from perf.worker.safetensors_file import Shapes, Weights, write

# A cosine is at most 1, so a threshold of 2 is never reached: the safety checker runs and lets every image pass.
NEVER_REACHED = 2.0
DIFFUSERS_FILE, TRANSFORMERS_FILE = "diffusion_pytorch_model.safetensors", "model.safetensors"
ROOT_FILES = ["config.json", DIFFUSERS_FILE]  # of a model on the Hub that is one component


def make(spec: synthetic.Synthetic, folder: Path) -> None:
    """Write the whole checkpoint into ``folder``, in the layout of the Hub's; one tensor at a time is in memory."""
    for path, text in spec.files().items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for path, shapes in weight_files(spec):
        write(folder / path, shapes, partial(draw, f"{spec.seed}:{path}"))


def weight_files(spec: synthetic.Synthetic) -> Iterator[tuple[str, Shapes]]:
    """Yield the relative path of each weight file, and the names and shapes of its tensors.

    They are read from models on torch's meta device, which take no memory.
    """
    for component, config in spec.configs.items():
        class_name = config.get("_class_name") or config.get("architectures", [None])[0]
        if class_name in MODELS:
            file = DIFFUSERS_FILE if "_class_name" in config else TRANSFORMERS_FILE
            yield f"{component}/{file}", MODELS[class_name](config)


def diffusers_model(config: Config) -> Shapes:
    """Return the tensors of a model of diffusers."""
    with torch.device("meta"):
        return _shapes(getattr(diffusers, config["_class_name"]).from_config(config))


def text_encoder(config: Config) -> Shapes:
    """Return the tensors of a text encoder by their names on the Hub."""
    with torch.device("meta"):
        model = getattr(transformers, config["architectures"][0])(transformers.CLIPTextConfig(**config))
    projection = "text_projection."
    tower = {name: shape for name, shape in _shapes(model).items() if not name.startswith(projection)}
    rest = {name: shape for name, shape in _shapes(model).items() if name.startswith(projection)}
    return _nested(tower, "text_model.") | rest


def safety_checker(config: Config) -> Shapes:
    """Return the tensors of a safety checker by their names on the Hub."""
    with torch.device("meta"):
        return _nested_vision(_shapes(StableDiffusionSafetyChecker(transformers.CLIPConfig(**config))))


MODELS: dict[str, Callable[[Config], Shapes]] = {
    "UNet2DConditionModel": diffusers_model,
    "SD3Transformer2DModel": diffusers_model,
    "AutoencoderKL": diffusers_model,
    "AutoencoderTiny": diffusers_model,
    "CLIPTextModel": text_encoder,
    "CLIPTextModelWithProjection": text_encoder,
    "StableDiffusionSafetyChecker": safety_checker,
}


def _shapes(model: Any) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def _nested(shapes: Shapes, prefix: str) -> Shapes:
    """Return the shapes by their names on the Hub: newer transformers list a model's tensors without the prefix."""
    return {name if name.startswith(prefix) else prefix + name: shape for name, shape in shapes.items()}


def _nested_vision(shapes: Shapes) -> Shapes:
    """Return the shapes of a safety checker by their names on the Hub, as ``_nested`` does in its vision model."""
    tower = "vision_model."
    inner = {name.removeprefix(tower): shape for name, shape in shapes.items() if name.startswith(tower)}
    nested = {tower + name: shape for name, shape in _nested(inner, tower).items()}
    return nested | {name: shape for name, shape in shapes.items() if not name.startswith(tower)}


def draw(seed: str, name: str, shape: tuple[int, ...]) -> Weights:
    """Return the tensor of that name: the same bits for the same seed, name and shape.

    ``seed`` is the checkpoint's, followed by the file that the tensor is in.

    Values are uniform within torch's default bound, 1/sqrt(fan_in). Vectors are ones (``.weight``, as in norms) or
    zeros (biases).
    """
    if name.endswith("_embeds_weights"):
        return np.full(shape, NEVER_REACHED, dtype=np.float32)
    if len(shape) == 1 and not name.endswith("class_embedding"):
        return np.full(shape, name.endswith(".weight"), dtype=np.float32)
    key = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:16], "little")
    unit = np.random.Generator(np.random.Philox(key=key)).random(shape, dtype=np.float32)
    bound = np.float32(1 / math.sqrt(math.prod(shape[1:])))
    unit -= np.float32(0.5)
    unit *= 2 * bound
    return unit


def download(hub_id: str) -> str:
    """Download the diffusers files of ``hub_id`` into the Hub's own cache and return the folder."""
    kept = ["*.json", "*.txt", "*/*.safetensors", *ROOT_FILES]
    folder: str = snapshot_download(hub_id, allow_patterns=kept, ignore_patterns=["*fp16*", "*non_ema*"])
    return folder


def main(arguments: list[str]) -> None:
    """Do what the command line asks for."""
    match arguments:
        case ["synthetic", name, folder]:
            make(synthetic.find(name), Path(folder))
        case ["taesd", name, folder]:
            make(synthetic.find_taesd(name), Path(folder))
        case ["hub", hub_id]:
            print(download(hub_id))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
