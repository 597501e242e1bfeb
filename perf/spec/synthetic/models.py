"""Configurations of the models that synthetic checkpoints are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perf.spec import tokenizer
from perf.spec.tokenizer import Config

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


def unet(channels: list[int], cross_attention_dim: int, layers_per_block: int, sample_size: int) -> Config:
    """Return the UNet of Stable Diffusion 1.5: attention at every level but the lowest."""
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


def vae(channels: list[int], layers_per_block: int, sample_size: int, **others: Any) -> Config:
    """Return an autoencoder of four levels; ``others`` are the settings that differ from Stable Diffusion 1.5's."""
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
        **others,
    }


def text_encoder(transformer: Mapping[str, int], **others: Any) -> Config:
    """Return a text encoder of CLIP; ``others`` are the settings that differ from Stable Diffusion 1.5's."""
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
        **others,
    }


def open_clip(transformer: Mapping[str, int], projection_dim: int, **others: Any) -> Config:
    """Return a text encoder of OpenCLIP, which has another activation and another padding."""
    pad = tokenizer.vocabulary()[tokenizer.EXCLAMATION_MARK]
    return text_encoder(transformer, hidden_act="gelu", pad_token_id=pad, projection_dim=projection_dim, **others)


def safety_checker(transformer: Mapping[str, int], projection_dim: int) -> Config:
    """Return a safety checker, which looks at the image with CLIP's vision tower."""
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


def transformer(hidden: int, layers: int, heads: int) -> dict[str, int]:
    """Return the sizes of a transformer of CLIP."""
    return {
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
    }
