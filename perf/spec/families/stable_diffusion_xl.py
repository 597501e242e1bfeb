"""Stable Diffusion XL: two text encoders, a UNet that is told the size of the image, a VAE, and no safety checker."""

from __future__ import annotations

from perf.spec.families.family import DIFFUSERS_WEIGHTS, TRANSFORMERS_WEIGHTS, Configs, Family, Inputs, Shape
from perf.spec.families.unet import unet_inputs

TIME_IDS = 6  # original size, crop and target size, two numbers each


def xl_inputs(configs: Configs, latents: Shape) -> Inputs:
    """Return the shapes of a UNet's inputs, and of what it is told beside: the pooled prompt, and the image's sizes."""
    batch, pooled = latents[0], configs["text_encoder_2"]["projection_dim"]
    added = {"text_embeds": (batch, pooled), "time_ids": (batch, TIME_IDS)}
    return {**unet_inputs(configs, latents), "added_cond_kwargs": added}


FAMILY = Family(
    name="stable-diffusion-xl",
    pipeline="StableDiffusionXLPipeline",
    openvino_pipeline="OVStableDiffusionXLPipeline",
    weights={
        "unet": DIFFUSERS_WEIGHTS,
        "vae": DIFFUSERS_WEIGHTS,
        "text_encoder": TRANSFORMERS_WEIGHTS,
        "text_encoder_2": TRANSFORMERS_WEIGHTS,
    },
    text_encoders=("text_encoder", "text_encoder_2"),
    inputs=xl_inputs,
    zeroes_no_prompt=True,
    taesd="madebyollin/taesdxl",
)
