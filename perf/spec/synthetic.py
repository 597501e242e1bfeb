"""Synthetic checkpoints as data: the Stable Diffusion 1.5 architecture in full size, and a tiny one for trying out.

The configuration files are written from these dictionaries rather than by the libraries, whose files differ from one
version to the next; so the same bytes come out of any stack. Key names are those of the Hub's checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from perf.errors import UnknownName

Config = dict[str, Any]


@dataclass(frozen=True)
class Synthetic:
    """One synthetic checkpoint: a configuration per component, and the size it will have on disk."""

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
        """Relative path -> text of every file but the weights."""
        configs: dict[str, Config] = {
            "model_index.json": MODEL_INDEX,
            "unet/config.json": self.unet,
            "vae/config.json": self.vae,
            "text_encoder/config.json": self.text_encoder,
            "safety_checker/config.json": self.safety_checker,
            "scheduler/scheduler_config.json": self.scheduler,
            "feature_extractor/preprocessor_config.json": self.feature_extractor,
            "tokenizer/tokenizer_config.json": TOKENIZER,
            "tokenizer/special_tokens_map.json": SPECIAL_TOKENS,
            "tokenizer/vocab.json": vocabulary(),
            "tokenizer/tokenizer.json": fast_tokenizer(),
        }
        texts = {path: json.dumps(config, indent=2) + "\n" for path, config in configs.items()}
        return texts | {"tokenizer/merges.txt": "#version: 0.2\n"}


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

START, END = "<|startoftext|>", "<|endoftext|>"

TOKENIZER: Config = {
    "add_prefix_space": False,
    "bos_token": START,
    "do_lower_case": True,
    "eos_token": END,
    "errors": "replace",
    "model_max_length": 77,
    "pad_token": END,
    "tokenizer_class": "CLIPTokenizer",
    "unk_token": END,
}

SPECIAL_TOKENS: Config = {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END}


NORMALIZER: Config = {
    "type": "Sequence",
    "normalizers": [
        {"type": "NFC"},
        {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
        {"type": "Lowercase"},
    ],
}

SPLIT = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

PRE_TOKENIZER: Config = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Removed", "invert": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
}


def byte_symbols() -> list[str]:
    """One printable character per byte, in the order of CLIP's vocabulary: printable bytes first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]


def vocabulary() -> dict[str, int]:
    """Token -> id without holes: every byte, every byte at a word's end, and the two specials.

    No merges are needed: a prompt is padded to 77 tokens whatever it says.
    """
    symbols = byte_symbols()
    tokens = [*symbols, *(f"{symbol}</w>" for symbol in symbols), START, END]
    return {token: index for index, token in enumerate(tokens)}


def fast_tokenizer() -> Config:
    """CLIP's tokenizer as the ``tokenizers`` library writes it, the only form that transformers 5 looks for."""
    tokens = vocabulary()
    special = {"single_word": False, "lstrip": False, "rstrip": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": tokens[START], "content": START, "normalized": True, **special},
            {"id": tokens[END], "content": END, "normalized": False, **special},
        ],
        "normalizer": NORMALIZER,
        "pre_tokenizer": PRE_TOKENIZER,
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": [END, tokens[END]],
            "cls": [START, tokens[START]],
            "trim_offsets": False,
            "add_prefix_space": False,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": END,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": tokens,
            "merges": [],
        },
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
    tokens = vocabulary()
    return {
        "architectures": ["CLIPTextModel"],
        "model_type": "clip_text_model",
        "attention_dropout": 0.0,
        "bos_token_id": tokens[START],
        "eos_token_id": tokens[END],
        "hidden_act": "quick_gelu",
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": 77,
        "pad_token_id": tokens[END],
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
    """The synthetic checkpoint of that name. Raises UnknownName."""
    if name not in SYNTHETIC:
        raise UnknownName("model", name, SYNTHETIC)
    return SYNTHETIC[name]
