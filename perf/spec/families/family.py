"""Family, what is specific to one pipeline; everything else in the suite is the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from perf.spec.protocol import Size
from perf.spec.variant import TORCH, Variant

Config = Mapping[str, Any]
Configs = Mapping[str, Config]  # component -> its configuration
Shape = tuple[int, ...]
Inputs = Mapping[str, "Shape | Mapping[str, Shape]"]  # argument of the denoiser -> its shape, or those of what is in it

DIFFUSERS_WEIGHTS = "diffusion_pytorch_model"
TRANSFORMERS_WEIGHTS = "model"
PROMPT_AND_NOTHING = 2  # guidance needs both, and denoises an image's latents once with each


@dataclass(frozen=True, kw_only=True)
class Family:
    """The components of a pipeline, the calls that it makes to them, and the classes that load it.

    ``pipeline`` is diffusers' class and ``openvino_pipeline`` optimum-intel's, None for a family that is measured with
    PyTorch alone; ``also_loads`` are other classes that model_index.json may name, whose components the pipeline takes
    as well. ``weights`` maps each component with weights to how their files begin, and ``optional`` are those of them
    that a checkpoint may leave out. ``text_encoders`` read the prompt, ``denoiser`` is called in every step, and
    ``inputs`` returns the shapes of what it is called with, for latents of a shape. ``zeroes_no_prompt`` tells whether
    guidance takes zeros in place of an encoded empty prompt where model_index.json does not say. ``taesd`` is the Hub
    id of a tiny decoder for these latents.
    """

    name: str
    pipeline: str
    openvino_pipeline: str | None
    also_loads: tuple[str, ...] = ()
    weights: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    text_encoders: tuple[str, ...] = ("text_encoder",)
    denoiser: str = "unet"
    inputs: Callable[[Configs, Shape], Inputs]
    zeroes_no_prompt: bool = False
    taesd: str
    takes_other_schedulers: bool = True

    def why_not(self, variant: Variant) -> str | None:
        """Return why this pipeline cannot be measured as ``variant``, or None if it can."""
        needs_export = variant.backend not in TORCH and not variant.is_brought
        if needs_export and self.openvino_pipeline is None:
            return f"{self.pipeline} is measured with PyTorch alone"
        if variant.scheduler != "checkpoint" and not self.takes_other_schedulers:
            return f"{self.pipeline} takes no scheduler but its own"
        return None

    def scale(self, configs: Configs) -> int:
        """Return the image pixels per latent along a side: each level of the VAE but one halves the image."""
        return int(2 ** (len(configs["vae"]["block_out_channels"]) - 1))

    def native_size(self, configs: Configs) -> Size:
        """Return the image size that the denoiser was trained for."""
        side = configs[self.denoiser]["sample_size"] * self.scale(configs)
        return Size(side, side)

    def latents_shape(self, configs: Configs, size: Size, batch: int = 1) -> Shape:
        """Return the shape of the latents of ``batch`` images: batch, channels, height, width."""
        scale = self.scale(configs)
        return (batch, configs[self.denoiser]["in_channels"], size.height // scale, size.width // scale)

    def is_consistency(self, configs: Configs) -> bool:
        """Tell whether the denoiser is a consistency model, to which guidance is an input and not a second call."""
        return configs[self.denoiser].get("time_cond_proj_dim") is not None

    def batch(self, configs: Configs, *, is_guided: bool) -> int:
        """Return the batch that the denoiser sees for one image."""
        return PROMPT_AND_NOTHING if is_guided and not self.is_consistency(configs) else 1

    def encodings(self, index: Config, configs: Configs, *, is_guided: bool) -> int:
        """Return how many times the pipeline calls each text encoder for an image, by model_index.json ``index``."""
        if index.get("force_zeros_for_empty_prompt", self.zeroes_no_prompt):
            return 1
        return self.batch(configs, is_guided=is_guided)

    def denoiser_inputs(self, configs: Configs, size: Size, batch: int) -> Inputs:
        """Return argument -> shape of what the denoiser is called with for images of that size."""
        return self.inputs(configs, self.latents_shape(configs, size, batch))
