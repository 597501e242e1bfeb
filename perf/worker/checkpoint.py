"""Tool that writes a synthetic checkpoint, or downloads one from the Hub. Run by a stack's interpreter.

    python -m perf.worker.checkpoint synthetic NAME FOLDER
    python -m perf.worker.checkpoint hub ID

The weights do not come from torch's own initialisation, whose bytes depend on the instruction set that its random
generator was vectorised for. numpy's Philox draws each tensor from a seed of its own, made of the checkpoint's seed and
the tensor's name: raw integers and exact float32 arithmetic, the same bits on every machine.
"""

from __future__ import annotations

import hashlib
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from huggingface_hub import snapshot_download
from safetensors.numpy import save_file
from transformers import CLIPConfig, CLIPTextConfig, CLIPTextModel

from perf.spec import synthetic

Shapes = dict[str, tuple[int, ...]]
Weights = np.ndarray[Any, np.dtype[np.float32]]

# A cosine is at most 1, so a threshold of 2 is never reached: the safety checker runs and lets every image pass.
NEVER_REACHED = 2.0


def make(spec: synthetic.Synthetic, folder: Path) -> None:
    """Write the whole checkpoint into ``folder``, in the layout of the Hub's Stable Diffusion 1.5."""
    for path, text in spec.files().items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for path, shapes in weight_files(spec).items():
        weights = {name: draw(spec.seed, f"{path}/{name}", shape) for name, shape in shapes.items()}
        save_file(weights, folder / path, metadata={"format": "pt"})


def weight_files(spec: synthetic.Synthetic) -> dict[str, Shapes]:
    """Return the relative path of each weight file -> the names and shapes of its tensors.

    They are read from models on torch's meta device, which take no memory.
    """
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(spec.unet)
        vae = AutoencoderKL.from_config(spec.vae)
        text_encoder = CLIPTextModel(CLIPTextConfig(**spec.text_encoder))
        safety_checker = StableDiffusionSafetyChecker(CLIPConfig(**spec.safety_checker))
    return {
        "unet/diffusion_pytorch_model.safetensors": _shapes(unet),
        "vae/diffusion_pytorch_model.safetensors": _shapes(vae),
        "text_encoder/model.safetensors": _nested(_shapes(text_encoder), "text_model."),
        "safety_checker/model.safetensors": _nested_vision(_shapes(safety_checker)),
    }


def _shapes(model: torch.nn.Module) -> Shapes:
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


def draw(seed: int, name: str, shape: tuple[int, ...]) -> Weights:
    """Return the tensor of that name: the same bits for the same seed, name and shape.

    Values are uniform within torch's default bound, 1/sqrt(fan_in). Vectors are ones (``.weight``, as in norms) or
    zeros (biases).
    """
    if name.endswith("_embeds_weights"):
        return np.full(shape, NEVER_REACHED, dtype=np.float32)
    if len(shape) == 1 and not name.endswith("class_embedding"):
        return np.full(shape, name.endswith(".weight"), dtype=np.float32)
    key = int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:16], "little")
    unit = np.random.Generator(np.random.Philox(key=key)).random(shape, dtype=np.float32)
    bound = np.float32(1 / math.sqrt(math.prod(shape[1:])))
    unit -= np.float32(0.5)
    unit *= 2 * bound
    return unit


def download(hub_id: str) -> str:
    """Download the diffusers files of ``hub_id`` into the Hub's own cache and return the folder."""
    kept = ["*.json", "*.txt", "*/*.safetensors"]
    folder: str = snapshot_download(hub_id, allow_patterns=kept, ignore_patterns=["*fp16*", "*non_ema*"])
    return folder


def main(arguments: list[str]) -> None:
    """Do what the command line asks for."""
    match arguments:
        case ["synthetic", name, folder]:
            make(synthetic.find(name), Path(folder))
        case ["hub", hub_id]:
            print(download(hub_id))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
