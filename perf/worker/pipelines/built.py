"""Built, a pipeline that the worker generates with, whichever backend made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler

from perf.spec.protocol import Size
from perf.spec.variant import Variant

Image = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Built:
    """A diffusers pipeline ready to generate, the type its latents must have, and the context it must run in."""

    pipe: Any
    latents_dtype: torch.dtype = torch.float32
    context: Callable[[], AbstractContextManager[Any]] = nullcontext
    export_s: float = 0.0

    def generate(self, *, prompt: str, steps: int, guidance_scale: float, size: Size, latents: Image) -> Image:
        """Make an image, height x width x 3, float32 in 0..1, from ``latents`` (1 x channels x height/8 x width/8)."""
        with self.surrounded():
            result = self.pipe(
                prompt,
                num_inference_steps=steps,
                guidance_scale=guidance_scale,
                width=size.width,
                height=size.height,
                latents=torch.from_numpy(latents).to(self.latents_dtype),
                output_type="np",
            )
        image: Image = result.images[0]
        return image

    @contextmanager
    def surrounded(self) -> Iterator[None]:
        """Enter the context that every call of the pipeline or its models must run in."""
        with torch.inference_mode(), self.context():
            yield


def use_scheduler(pipe: Any, variant: Variant, checkpoint: Path) -> None:
    """Replace the checkpoint's scheduler where the variant says so.

    The new one's settings come from the checkpoint, as in the article, and not from the pipeline: an export to OpenVINO
    spells out what the checkpoint leaves to the class of its scheduler, such as PNDM's spacing of the timesteps.
    """
    if variant.scheduler == "dpm-solver":
        pipe.scheduler = DPMSolverMultistepScheduler.from_pretrained(checkpoint, subfolder="scheduler")


def autocast_bf16() -> AbstractContextManager[Any]:
    """Return CPU autocast to bfloat16, named as such: torch.set_autocast_enabled(True) would mean CUDA."""
    context: AbstractContextManager[Any] = torch.autocast("cpu", dtype=torch.bfloat16)
    return context
