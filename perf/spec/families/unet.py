"""The inputs of diffusers' UNet2DConditionModel."""

from __future__ import annotations

from perf.spec.families.family import Configs, Inputs, Shape


def unet_inputs(configs: Configs, latents: Shape) -> Inputs:
    """Return the shapes of what the UNet is called with: latents, timestep, text states, and the guidance of an LCM."""
    batch, unet = latents[0], configs["unet"]
    states = (batch, configs["text_encoder"]["max_position_embeddings"], unet["cross_attention_dim"])
    inputs = {"sample": latents, "timestep": (), "encoder_hidden_states": states}
    guidance = unet.get("time_cond_proj_dim")
    return inputs if guidance is None else {**inputs, "timestep_cond": (batch, guidance)}
