"""Stable Diffusion 1.x and 2.x: one CLIP text encoder, a UNet, a VAE, and mostly a safety checker."""

from __future__ import annotations

from perf.spec.families.family import DIFFUSERS_WEIGHTS, TRANSFORMERS_WEIGHTS, Family
from perf.spec.families.unet import unet_inputs

FAMILY = Family(
    name="stable-diffusion",
    pipeline="StableDiffusionPipeline",
    openvino_pipeline="OVStableDiffusionPipeline",
    # The same components and calls; unlike its own class, this pipeline runs them with any scheduler.
    also_loads=("LatentConsistencyModelPipeline",),
    weights={
        "unet": DIFFUSERS_WEIGHTS,
        "vae": DIFFUSERS_WEIGHTS,
        "text_encoder": TRANSFORMERS_WEIGHTS,
        "safety_checker": TRANSFORMERS_WEIGHTS,
    },
    inputs=unet_inputs,
    optional=frozenset({"safety_checker"}),
    taesd="madebyollin/taesd",
)
