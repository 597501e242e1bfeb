"""Synthetic checkpoints of Stable Diffusion: 1.5, a consistency model made of it, and Turbo, which is 2.1's."""

from __future__ import annotations

from dataclasses import replace

from perf.spec import tokenizer
from perf.spec.synthetic.checkpoint import Synthetic
from perf.spec.synthetic.models import (
    FEATURE_EXTRACTOR,
    open_clip,
    safety_checker,
    text_encoder,
    transformer,
    unet,
    vae,
)
from perf.spec.synthetic.schedulers import EULER_TRAILING, LCM, PNDM
from perf.spec.tokenizer import Config

INDEX: Config = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.6.0",
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "requires_safety_checker": True,
    "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
TURBO_INDEX: Config = INDEX | {
    "feature_extractor": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
}
CLIP_TOKENIZER = {"tokenizer": tokenizer.END}
OPEN_CLIP_TOKENIZER = {"tokenizer": tokenizer.EXCLAMATION_MARK}
# As distilled: one step, and no guidance. See https://huggingface.co/stabilityai/sd-turbo.
ONE_STEP = {"steps": 1, "warmup_steps": 1, "guidance_scale": 0.0}
CONSISTENCY: Config = {"time_cond_proj_dim": 256}

SD15 = Synthetic(
    name="synthetic-sd15",
    disk_bytes=5_500_000_000,
    index=INDEX,
    configs={
        "unet": unet([320, 640, 1280, 1280], cross_attention_dim=768, layers_per_block=2, sample_size=64),
        "vae": vae([128, 256, 512, 512], layers_per_block=2, sample_size=512),
        "text_encoder": text_encoder(transformer(768, layers=12, heads=12)),
        "safety_checker": safety_checker(transformer(1024, layers=24, heads=16) | {"patch_size": 14}, 768),
        "scheduler": PNDM,
        "feature_extractor": FEATURE_EXTRACTOR,
    },
    tokenizers=CLIP_TOKENIZER,
    taesd="synthetic-taesd",
    consistency_twin="synthetic-lcm",
)
TINY = Synthetic(
    name="tiny",
    disk_bytes=20_000_000,
    index=INDEX,
    configs={
        "unet": unet([32, 64], cross_attention_dim=32, layers_per_block=1, sample_size=16),
        "vae": vae([32, 32, 64, 64], layers_per_block=1, sample_size=128),
        "text_encoder": text_encoder(transformer(32, layers=2, heads=2)),
        "safety_checker": safety_checker(transformer(32, layers=2, heads=2) | {"patch_size": 32}, 32),
        "scheduler": PNDM,
        "feature_extractor": FEATURE_EXTRACTOR,
    },
    tokenizers=CLIP_TOKENIZER,
    taesd="tiny-taesd",
    consistency_twin="tiny-lcm",
)
TURBO = Synthetic(
    name="synthetic-sd-turbo",
    disk_bytes=5_200_000_000,
    index=TURBO_INDEX,
    configs={
        "unet": unet([320, 640, 1280, 1280], cross_attention_dim=1024, layers_per_block=2, sample_size=64)
        | {"attention_head_dim": [5, 10, 20, 20], "use_linear_projection": True},
        "vae": vae([128, 256, 512, 512], layers_per_block=2, sample_size=768),
        "text_encoder": open_clip(transformer(1024, layers=23, heads=16), projection_dim=512),
        "scheduler": EULER_TRAILING,
    },
    tokenizers=OPEN_CLIP_TOKENIZER,
    taesd="synthetic-taesd",
    own_protocol=ONE_STEP,
)
TINY_TURBO = Synthetic(
    name="tiny-sd-turbo",
    disk_bytes=20_000_000,
    index=TURBO_INDEX,
    configs={
        "unet": unet([32, 64], cross_attention_dim=32, layers_per_block=1, sample_size=16)
        | {"attention_head_dim": [2, 4], "use_linear_projection": True},
        "vae": vae([32, 32, 64, 64], layers_per_block=1, sample_size=128),
        "text_encoder": open_clip(transformer(32, layers=2, heads=2), projection_dim=32),
        "scheduler": EULER_TRAILING,
    },
    tokenizers=OPEN_CLIP_TOKENIZER,
    taesd="tiny-taesd",
    own_protocol=ONE_STEP,
)


def consistency_model(base: Synthetic, name: str) -> Synthetic:
    """Return ``base`` as latent consistency distillation leaves it: with guidance as an input of the UNet."""
    return replace(
        base,
        name=name,
        index=INDEX | {"scheduler": ["diffusers", "LCMScheduler"]},
        consistency_twin=None,
        configs={**base.configs, "unet": base.configs["unet"] | CONSISTENCY, "scheduler": LCM},
    )


CHECKPOINTS = (
    SD15,
    TINY,
    TURBO,
    TINY_TURBO,
    consistency_model(SD15, "synthetic-lcm"),
    consistency_model(TINY, "tiny-lcm"),
)
