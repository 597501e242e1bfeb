"""Built, a diffusers pipeline that the worker generates with, whichever backend made its models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler

from perf.spec.protocol import Size
from perf.worker import noise
from perf.worker.parts import PartsClock
from perf.worker.pipelines import BuildRequest, Image


class Built:
    """A Pipeline: one of diffusers, the type its latents must have, and the context it must run in."""

    def __init__(
        self,
        pipe: Any,
        *,
        latents_dtype: torch.dtype = torch.float32,
        context: Callable[[], AbstractContextManager[Any]] = nullcontext,
        export_s: float = 0.0,
    ) -> None:
        self.pipe = pipe
        self.export_s = export_s
        self._latents_dtype = latents_dtype
        self._context = context
        self._clock: PartsClock | None = None
        pipe.set_progress_bar_config(disable=True)

    def watch(self, clock: PartsClock) -> None:
        """Have the clock time the pipeline's parts."""
        self._clock = clock
        clock.watch(self.pipe)

    def generate(self, *, prompt: str, steps: int, guidance_scale: float, size: Size, latents: Image) -> Image:
        """Make a batch of images; see Pipeline."""
        noise.restart()
        with self.surrounded():
            result = self.pipe(
                prompt,
                num_inference_steps=steps,
                guidance_scale=guidance_scale,
                width=size.width,
                height=size.height,
                num_images_per_prompt=len(latents),
                latents=torch.from_numpy(latents).to(self._latents_dtype),
                output_type="np",
            )
        image: Image = result.images[0]
        return image

    @property
    def final_latents(self) -> Image:
        """The first of what the VAE was called with last."""
        assert self._clock is not None, "asked for after a generation, which is timed"
        latents: Image = self._clock.final_latents[:1].float().numpy()
        return latents

    @contextmanager
    def surrounded(self) -> Iterator[None]:
        """Enter the context that every call of the pipeline or its models must run in."""
        with torch.inference_mode(), self._context():
            yield


def use_scheduler(pipe: Any, request: BuildRequest) -> None:
    """Replace the checkpoint's scheduler where the variant says so.

    The new one's settings come from the checkpoint, as in the article, and not from the pipeline: an export to OpenVINO
    spells out what the checkpoint leaves to the class of its scheduler, such as PNDM's spacing of the timesteps.
    """
    noise.install()
    if request.variant.scheduler == "dpm-solver":
        pipe.scheduler = DPMSolverMultistepScheduler.from_pretrained(request.checkpoint, subfolder="scheduler")


def autocast_bf16() -> AbstractContextManager[Any]:
    """Return CPU autocast to bfloat16, named as such: torch.set_autocast_enabled(True) would mean CUDA."""
    context: AbstractContextManager[Any] = torch.autocast("cpu", dtype=torch.bfloat16)
    return context
