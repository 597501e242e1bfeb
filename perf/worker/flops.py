"""Tool that counts the floating-point operations of one call of each model. Run by a stack's interpreter.

    python -m perf.worker.flops FOLDER WIDTHxHEIGHT

The models are built from the checkpoint's configuration on torch's meta device, so nothing is computed. A
multiplication and an addition are two operations; only matrix products and convolutions count.

Prints a JSON object of ``text_encoder``, ``unet`` (both for two prompts, as guidance needs), ``vae_decode`` and
``safety_checker``, each with its ``operations`` and the number of ``weights`` that a call reads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPConfig, CLIPTextConfig, CLIPTextModel

from perf.records.work import Work
from perf.spec.protocol import GUIDED_BATCH, Size


def count(folder: Path, size: Size) -> dict[str, Work]:
    """Count the work of one call of each model; a checkpoint may come without a safety checker."""
    # MATH: attention as the matrix products that it is made of, which are counted.
    with torch.device("meta"), torch.inference_mode(), sdpa_kernel(SDPBackend.MATH):
        counts = {"text_encoder": text_encoder(folder)} | latent_models(folder, size)
        if (folder / "safety_checker").is_dir():
            counts["safety_checker"] = safety_checker(folder)
    return counts


def text_encoder(folder: Path) -> Work:
    """Count the work on both prompts: the pipeline encodes one after the other, in two calls."""
    config = CLIPTextConfig.from_pretrained(folder / "text_encoder", attn_implementation="eager")
    model = CLIPTextModel(config)
    return work(model, model, torch.zeros(1, config.max_position_embeddings, dtype=torch.long)).repeated(GUIDED_BATCH)


def latent_models(folder: Path, size: Size) -> dict[str, Work]:
    """Count the work of a UNet step and of the decoding, on latents of the image's size."""
    unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet"))
    vae = AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae"))
    tokens = CLIPTextConfig.from_pretrained(folder / "text_encoder").max_position_embeddings
    scale = 2 ** (len(vae.config.block_out_channels) - 1)
    latents = torch.zeros(GUIDED_BATCH, unet.config.in_channels, size.height // scale, size.width // scale)
    states = torch.zeros(GUIDED_BATCH, tokens, unet.config.cross_attention_dim)
    return {
        "unet": work(unet, unet, latents, torch.zeros(()), states),
        "vae_decode": work(vae.decoder, vae.decode, latents[:1]),
    }


def safety_checker(folder: Path) -> Work:
    """Count the work on one image, scaled to the checker's own size."""
    config = CLIPConfig.from_pretrained(folder / "safety_checker", attn_implementation="eager")
    side = config.vision_config.image_size
    tower = StableDiffusionSafetyChecker(config).vision_model
    return work(tower, tower, torch.zeros(1, 3, side, side))


def work(model: torch.nn.Module, call: Callable[..., Any], *inputs: torch.Tensor) -> Work:
    """Count the operations of ``call(*inputs)``, and the weights of ``model``."""
    with FlopCounterMode(display=False) as counter:
        call(*inputs)
    weights = sum(weight.numel() for weight in model.parameters())
    return Work(operations=counter.get_total_flops(), weights=weights)


if __name__ == "__main__":
    counts = count(Path(sys.argv[1]), Size.parse(sys.argv[2]))
    print(json.dumps({model: call.to_json() for model, call in counts.items()}))
