"""Stable Diffusion 3: a transformer in place of the UNet, two text encoders of CLIP, and T5, which may be left out."""

from __future__ import annotations

from perf.spec.families.family import DIFFUSERS_WEIGHTS, TRANSFORMERS_WEIGHTS, Configs, Family, Inputs, Shape

T5_TOKENS = 256  # the pipeline's default


def transformer_inputs(configs: Configs, latents: Shape) -> Inputs:
    """Return the shapes of what the transformer is called with: T5's text states, or zeros, come after CLIP's."""
    batch, transformer = latents[0], configs["transformer"]
    clip_tokens = configs["text_encoder"]["max_position_embeddings"]
    tokens = clip_tokens + (T5_TOKENS if "text_encoder_3" in configs else clip_tokens)
    return {
        "hidden_states": latents,
        "timestep": (batch,),
        "encoder_hidden_states": (batch, tokens, transformer["joint_attention_dim"]),
        "pooled_projections": (batch, transformer["pooled_projection_dim"]),
    }


FAMILY = Family(
    name="stable-diffusion-3",
    pipeline="StableDiffusion3Pipeline",
    openvino_pipeline=None,  # optimum-intel exports none without T5
    takes_other_schedulers=False,  # they add noise in another way
    weights={
        "transformer": DIFFUSERS_WEIGHTS,
        "vae": DIFFUSERS_WEIGHTS,
        "text_encoder": TRANSFORMERS_WEIGHTS,
        "text_encoder_2": TRANSFORMERS_WEIGHTS,
        "text_encoder_3": TRANSFORMERS_WEIGHTS,
    },
    optional=frozenset({"text_encoder_3"}),
    text_encoders=("text_encoder", "text_encoder_2", "text_encoder_3"),
    denoiser="transformer",
    inputs=transformer_inputs,
    taesd="madebyollin/taesd3",
)
