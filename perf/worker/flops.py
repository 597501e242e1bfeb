"""Tool that counts the floating-point operations of one call of each model. Run by a stack's interpreter.

    python -m perf.worker.flops FOLDER WIDTHxHEIGHT guided|unguided

The models are built from the checkpoint's configuration on torch's meta device, so nothing is computed. A
multiplication and an addition are two operations; only matrix products and convolutions count.

Prints a JSON object of ``text_encoder`` (all of them, for every prompt that is encoded), ``unet`` (a step, for the
prompt and, with guidance, for none), ``vae_decode`` and ``safety_checker``, each with its ``operations`` and the number
of ``weights`` that a call reads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from perf.records.work import Work
from perf.spec.families.stable_diffusion_3 import T5_TOKENS
from perf.spec.protocol import Size
from perf.worker.described import Described
from perf.worker.inputs import filled

GUIDED = {"guided": True, "unguided": False}


def count(checkpoint: Described, size: Size, *, is_guided: bool) -> dict[str, Work]:
    """Count the work of one call of each model; a checkpoint may come without a safety checker."""
    # MATH: attention as the matrix products that it is made of, which are counted.
    with torch.device("meta"), torch.inference_mode(), sdpa_kernel(SDPBackend.MATH):
        counts = {
            "text_encoder": text_encoders(checkpoint, checkpoint.encodings(is_guided=is_guided)),
            "unet": denoiser(checkpoint, size, checkpoint.batch(is_guided=is_guided)),
            "vae_decode": vae_decode(checkpoint, size),
        }
        if "safety_checker" in checkpoint.components:
            counts["safety_checker"] = safety_checker(checkpoint.folder)
    return counts


def text_encoders(checkpoint: Described, calls: int) -> Work:
    """Count the work of ``calls`` calls of each text encoder: the pipeline encodes one prompt after the other."""
    works = []
    for name in checkpoint.family.text_encoders:
        if name not in checkpoint.components:
            continue
        config = transformers.AutoConfig.from_pretrained(checkpoint.folder / name, attn_implementation="eager")
        model = getattr(transformers, checkpoint.class_of(name))(config)
        tokens = torch.zeros(1, getattr(config, "max_position_embeddings", T5_TOKENS), dtype=torch.long)
        works.append(work(model, model, tokens).repeated(calls))
    return sum(works[1:], start=works[0])


def denoiser(checkpoint: Described, size: Size, batch: int) -> Work:
    """Count the work of a step."""
    name = checkpoint.family.denoiser
    kind = getattr(diffusers, checkpoint.class_of(name))
    model = kind.from_config(kind.load_config(checkpoint.folder / name))
    return work(model, model, **filled(checkpoint.denoiser_inputs(size, batch), torch.zeros))


def vae_decode(checkpoint: Described, size: Size) -> Work:
    """Count the work of decoding the latents of one image."""
    vae = AutoencoderKL.from_config(AutoencoderKL.load_config(checkpoint.folder / "vae"))
    latents = torch.zeros(checkpoint.family.latents_shape(checkpoint.configs, size))
    return work(vae.decoder, vae.decode, latents)


def safety_checker(folder: Path) -> Work:
    """Count the work on one image, scaled to the checker's own size."""
    config = transformers.CLIPConfig.from_pretrained(folder / "safety_checker", attn_implementation="eager")
    side = config.vision_config.image_size
    tower = StableDiffusionSafetyChecker(config).vision_model
    return work(tower, tower, torch.zeros(1, 3, side, side))


def work(model: torch.nn.Module, call: Callable[..., Any], *inputs: torch.Tensor, **named: Any) -> Work:
    """Count the operations of ``call(*inputs, **named)``, and the weights of ``model``."""
    with FlopCounterMode(display=False) as counter:
        call(*inputs, **named)
    weights = sum(weight.numel() for weight in model.parameters())
    return Work(operations=counter.get_total_flops(), weights=weights)


if __name__ == "__main__":
    folder, size, guidance = sys.argv[1:]
    counts = count(Described(Path(folder)), Size.parse(size), is_guided=GUIDED[guidance])
    print(json.dumps({model: call.to_json() for model, call in counts.items()}))
