"""A tiny synthetic checkpoint of Stable Diffusion 3, without T5."""

from __future__ import annotations

from perf.spec import tokenizer
from perf.spec.synthetic.checkpoint import Synthetic
from perf.spec.synthetic.models import open_clip, text_encoder, transformer, vae
from perf.spec.synthetic.schedulers import FLOW_MATCH
from perf.spec.tokenizer import Config

INDEX: Config = {
    "_class_name": "StableDiffusion3Pipeline",
    "_diffusers_version": "0.29.0.dev0",
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "text_encoder_3": [None, None],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "tokenizer_3": [None, None],
    "transformer": ["diffusers", "SD3Transformer2DModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
PROJECTING = ["CLIPTextModelWithProjection"]
LATENTS: Config = {
    "force_upcast": True,
    "latent_channels": 16,
    "scaling_factor": 1.5305,
    "shift_factor": 0.0609,
    "use_post_quant_conv": False,
    "use_quant_conv": False,
}


def sd3_transformer(layers: int, heads: int, text_dim: int, pooled: int, sample_size: int) -> Config:
    """Return a transformer with heads of 64, whose text states are ``text_dim`` wide."""
    return {
        "_class_name": "SD3Transformer2DModel",
        "attention_head_dim": 64,
        "caption_projection_dim": 64 * heads,
        "in_channels": 16,
        "joint_attention_dim": text_dim,
        "num_attention_heads": heads,
        "num_layers": layers,
        "out_channels": 16,
        "patch_size": 2,
        "pooled_projection_dim": pooled,
        "pos_embed_max_size": sample_size,
        "sample_size": sample_size,
    }


CHECKPOINTS = (
    Synthetic(
        name="tiny-sd3",
        disk_bytes=30_000_000,
        index=INDEX,
        configs={
            "transformer": sd3_transformer(layers=2, heads=2, text_dim=64, pooled=64, sample_size=16),
            "vae": vae([32, 32, 64, 64], layers_per_block=1, sample_size=128, **LATENTS),
            "text_encoder": text_encoder(
                transformer(32, layers=2, heads=2), projection_dim=32, architectures=PROJECTING
            ),
            "text_encoder_2": open_clip(
                transformer(32, layers=2, heads=2), projection_dim=32, architectures=PROJECTING
            ),
            "scheduler": FLOW_MATCH,
        },
        tokenizers={"tokenizer": tokenizer.END, "tokenizer_2": tokenizer.EXCLAMATION_MARK},
        taesd="tiny-taesd3",
    ),
)
