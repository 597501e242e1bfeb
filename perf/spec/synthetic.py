"""Synthetic checkpoints as data: the Stable Diffusion 1.5 architecture in full size, and a tiny one for trials.

The configuration files are written from these dictionaries and not by the libraries, whose files differ from one
version to the next. So any stack writes the same bytes. The key names are those of the checkpoint on the Hub.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from perf.errors import UnknownName
from perf.spec import tokenizer
from perf.spec.tokenizer import Config


@dataclass(frozen=True)
class Synthetic:
    """A synthetic checkpoint: a configuration per component, and the size it will have on disk."""

    name: str
    disk_bytes: int
    unet: Config
    vae: Config
    text_encoder: Config
    safety_checker: Config
    seed: int = 20230328
    scheduler: Config = field(default_factory=lambda: dict(SCHEDULER))
    feature_extractor: Config = field(default_factory=lambda: dict(FEATURE_EXTRACTOR))

    def files(self) -> dict[str, str]:
        """Return relative path -> text of every file but the weights."""
        configs: dict[str, Config] = {
            "model_index.json": MODEL_INDEX,
            "unet/config.json": self.unet,
            "vae/config.json": self.vae,
            "text_encoder/config.json": self.text_encoder,
            "safety_checker/config.json": self.safety_checker,
            "scheduler/scheduler_config.json": self.scheduler,
            "feature_extractor/preprocessor_config.json": self.feature_extractor,
            **{f"tokenizer/{name}": config for name, config in tokenizer.configs().items()},
        }
        texts = {path: json.dumps(config, indent=2) + "\n" for path, config in configs.items()}
        return texts | {"tokenizer/merges.txt": tokenizer.NO_MERGES}


MODEL_INDEX: Config = {
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

SCHEDULER: Config = {
    "_class_name": "PNDMScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}

FEATURE_EXTRACTOR: Config = {
    "image_processor_type": "CLIPImageProcessor",
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 224},
}


def _unet(channels: list[int], cross_attention_dim: int, layers_per_block: int, sample_size: int) -> Config:
    return {
        "_class_name": "UNet2DConditionModel",
        "act_fn": "silu",
        "attention_head_dim": 8,
        "block_out_channels": channels,
        "center_input_sample": False,
        "cross_attention_dim": cross_attention_dim,
        "down_block_types": [*["CrossAttnDownBlock2D"] * (len(channels) - 1), "DownBlock2D"],
        "downsample_padding": 1,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": 4,
        "layers_per_block": layers_per_block,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-05,
        "norm_num_groups": 32,
        "out_channels": 4,
        "sample_size": sample_size,
        "up_block_types": ["UpBlock2D", *["CrossAttnUpBlock2D"] * (len(channels) - 1)],
    }


def _vae(channels: list[int], layers_per_block: int, sample_size: int) -> Config:
    return {
        "_class_name": "AutoencoderKL",
        "act_fn": "silu",
        "block_out_channels": channels,
        "down_block_types": ["DownEncoderBlock2D"] * 4,
        "in_channels": 3,
        "latent_channels": 4,
        "layers_per_block": layers_per_block,
        "norm_num_groups": 32,
        "out_channels": 3,
        "sample_size": sample_size,
        "scaling_factor": 0.18215,
        "up_block_types": ["UpDecoderBlock2D"] * 4,
    }


def _text_encoder(transformer: Mapping[str, int]) -> Config:
    tokens = tokenizer.vocabulary()
    return {
        "architectures": ["CLIPTextModel"],
        "model_type": "clip_text_model",
        "attention_dropout": 0.0,
        "bos_token_id": tokens[tokenizer.START],
        "eos_token_id": tokens[tokenizer.END],
        "hidden_act": "quick_gelu",
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": 77,
        "pad_token_id": tokens[tokenizer.END],
        "vocab_size": 49408,
        **transformer,
    }


def _safety_checker(transformer: Mapping[str, int], projection_dim: int) -> Config:
    return {
        "architectures": ["StableDiffusionSafetyChecker"],
        "model_type": "clip",
        "projection_dim": projection_dim,
        "text_config": {"model_type": "clip_text_model"},
        "vision_config": {
            "model_type": "clip_vision_model",
            "hidden_act": "quick_gelu",
            "image_size": 224,
            "layer_norm_eps": 1e-05,
            "projection_dim": projection_dim,
            **transformer,
        },
    }


def _transformer(hidden: int, layers: int, heads: int) -> dict[str, int]:
    return {
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
    }


SYNTHETIC = {
    spec.name: spec
    for spec in (
        Synthetic(
            name="synthetic-sd15",
            disk_bytes=5_500_000_000,
            unet=_unet([320, 640, 1280, 1280], cross_attention_dim=768, layers_per_block=2, sample_size=64),
            vae=_vae([128, 256, 512, 512], layers_per_block=2, sample_size=512),
            text_encoder=_text_encoder(_transformer(768, layers=12, heads=12)),
            safety_checker=_safety_checker(_transformer(1024, layers=24, heads=16) | {"patch_size": 14}, 768),
        ),
        Synthetic(
            name="tiny",
            disk_bytes=20_000_000,
            unet=_unet([32, 64], cross_attention_dim=32, layers_per_block=1, sample_size=16),
            vae=_vae([32, 32, 64, 64], layers_per_block=1, sample_size=128),
            text_encoder=_text_encoder(_transformer(32, layers=2, heads=2)),
            safety_checker=_safety_checker(_transformer(32, layers=2, heads=2) | {"patch_size": 32}, 32),
        ),
    )
}


def find(name: str) -> Synthetic:
    """Return the synthetic checkpoint of that name. Raises UnknownName."""
    if name not in SYNTHETIC:
        raise UnknownName("model", name, SYNTHETIC)
    return SYNTHETIC[name]
