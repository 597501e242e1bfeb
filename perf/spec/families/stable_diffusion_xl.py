"""Stable Diffusion XL: two text encoders, a UNet that is told the size of the image, a VAE, and no safety checker."""

from __future__ import annotations

from perf.spec.families.family import DIFFUSERS_WEIGHTS, TRANSFORMERS_WEIGHTS, Configs, Family, Inputs

TIME_IDS = 6  # original size, crop and target size, two numbers each


def added_conditions(configs: Configs, batch: int) -> Inputs:
    """Return the shapes of what the UNet is told beside the text states: the pooled prompt, and the image's sizes."""
    pooled = configs["text_encoder_2"]["projection_dim"]
    return {"added_cond_kwargs": {"text_embeds": (batch, pooled), "time_ids": (batch, TIME_IDS)}}


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
    more_inputs=added_conditions,
    zeroes_no_prompt=True,
    taesd="madebyollin/taesdxl",
)
