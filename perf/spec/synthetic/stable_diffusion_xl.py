"""Synthetic checkpoints of Stable Diffusion XL."""

from __future__ import annotations

from collections.abc import Sequence

from perf.spec import tokenizer
from perf.spec.synthetic.checkpoint import Synthetic
from perf.spec.synthetic.models import open_clip, text_encoder, transformer, unet, vae
from perf.spec.synthetic.schedulers import EULER
from perf.spec.tokenizer import Config

INDEX: Config = {
    "_class_name": "StableDiffusionXLPipeline",
    "_diffusers_version": "0.19.0.dev0",
    "force_zeros_for_empty_prompt": True,
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
TOKENIZERS = {"tokenizer": tokenizer.END, "tokenizer_2": tokenizer.EXCLAMATION_MARK}
SIZES = 6  # numbers that the UNet is told about the image, each embedded in as many as addition_time_embed_dim
PROJECTING = ["CLIPTextModelWithProjection"]


def xl_unet(
    base: Config, *, heads: Sequence[int], transformer_layers: Sequence[int], time_dim: int, pooled: int
) -> Config:
    """Return a UNet without attention at the highest level, told the pooled prompt and the image's sizes."""
    levels = len(base["block_out_channels"])
    return base | {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": time_dim,
        "attention_head_dim": list(heads),
        "down_block_types": ["DownBlock2D", *["CrossAttnDownBlock2D"] * (levels - 1)],
        "projection_class_embeddings_input_dim": pooled + SIZES * time_dim,
        "transformer_layers_per_block": list(transformer_layers),
        "up_block_types": [*["CrossAttnUpBlock2D"] * (levels - 1), "UpBlock2D"],
        "use_linear_projection": True,
    }


CHECKPOINTS = (
    Synthetic(
        name="synthetic-sdxl",
        disk_bytes=14_000_000_000,
        index=INDEX,
        configs={
            "unet": xl_unet(
                unet([320, 640, 1280], cross_attention_dim=2048, layers_per_block=2, sample_size=128),
                heads=(5, 10, 20),
                transformer_layers=(1, 2, 10),
                time_dim=256,
                pooled=1280,
            ),
            "vae": vae(
                [128, 256, 512, 512], layers_per_block=2, sample_size=1024, scaling_factor=0.13025, force_upcast=True
            ),
            "text_encoder": text_encoder(transformer(768, layers=12, heads=12), projection_dim=768),
            "text_encoder_2": open_clip(
                transformer(1280, layers=32, heads=20), projection_dim=1280, architectures=PROJECTING
            ),
            "scheduler": EULER,
        },
        tokenizers=TOKENIZERS,
        taesd="synthetic-taesd",
    ),
    Synthetic(
        name="tiny-sdxl",
        disk_bytes=30_000_000,
        index=INDEX,
        configs={
            "unet": xl_unet(
                unet([32, 64], cross_attention_dim=64, layers_per_block=1, sample_size=16),
                heads=(2, 4),
                transformer_layers=(1, 2),
                time_dim=8,
                pooled=32,
            ),
            "vae": vae(
                [32, 32, 64, 64], layers_per_block=1, sample_size=128, scaling_factor=0.13025, force_upcast=True
            ),
            "text_encoder": text_encoder(transformer(32, layers=2, heads=2), projection_dim=32),
            "text_encoder_2": open_clip(
                transformer(32, layers=2, heads=2), projection_dim=32, architectures=PROJECTING
            ),
            "scheduler": EULER,
        },
        tokenizers=TOKENIZERS,
        taesd="tiny-taesd",
    ),
)
