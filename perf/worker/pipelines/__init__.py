"""The backends: a module for each, with the same three functions, and what they share.

::

    eager        plain PyTorch
    ipex         Intel Extension for PyTorch
    openvino     OpenVINO, driven by optimum-intel
    genai        OpenVINO, driven by OpenVINO GenAI; without torch
    onnxruntime  ONNX Runtime
    built        Built, a diffusers pipeline: what all make but GenAI
    profiles     what OpenVINO's own profile tells
    inductor     how TorchInductor is told to compile, and what it says that it did

``build(request: BuildRequest) -> Pipeline`` makes a pipeline, ``observe(pipeline: Pipeline, replay: Replay) ->
Observed`` reads from it what is really active, and ``measure_peak(variant: Variant) -> Peak`` measures the most that
the machine reaches with the backend's libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from perf.records.evidence import Kernel, Layer, State
from perf.records.part import Part
from perf.spec.protocol import Size, is_guided
from perf.spec.variant import Variant
from perf.worker.described import Described
from perf.worker.parts import PartsClock

Image = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """The input of a backend, which the request ``load`` of perf.worker.__main__ brings.

    ``checkpoint`` is the model on disk, ``exports`` the folder where its exports are kept, and ``export`` one that was
    made already, for a stack that can make none. ``small_vae`` is that of an AutoencoderTiny for variants that take
    one, and ``prompts`` are what 8 bits are calibrated with. ``batch`` is how many images each call makes at once.
    """

    variant: Variant
    checkpoint: Path
    checkpoint_digest: str
    size: Size
    guidance_scale: float
    exports: Path
    export: Path | None = None
    small_vae: Path | None = None
    prompts: tuple[str, ...] = ()
    batch: int = 1

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the fields of the request."""
        return cls(
            variant=Variant.from_json(data["variant"]),
            checkpoint=Path(data["checkpoint"]),
            checkpoint_digest=data["checkpoint_digest"],
            size=Size.parse(data["size"]),
            guidance_scale=data["guidance_scale"],
            exports=Path(data["exports"]),
            export=Path(data["export"]) if data["export"] else None,
            small_vae=Path(data["small_vae"]) if data["small_vae"] else None,
            prompts=tuple(data["prompts"]),
            batch=data.get("batch", 1),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the fields of the request."""
        return {
            "variant": self.variant.to_json(),
            "checkpoint": str(self.checkpoint),
            "checkpoint_digest": self.checkpoint_digest,
            "size": str(self.size),
            "guidance_scale": self.guidance_scale,
            "exports": str(self.exports),
            "export": self.export and str(self.export),
            "small_vae": self.small_vae and str(self.small_vae),
            "prompts": list(self.prompts),
            "batch": self.batch,
        }

    @property
    def is_guided(self) -> bool:
        """Whether images are made with classifier-free guidance."""
        return is_guided(self.guidance_scale)

    @property
    def denoiser_batch(self) -> int:
        """The batch that the denoiser sees in each call."""
        return self.batch * self.described.batch(is_guided=self.is_guided)

    @property
    def described(self) -> Described:
        """The checkpoint's family and configurations."""
        return Described(self.checkpoint)


class Pipeline(Protocol):
    """A pipeline ready to generate, whichever backend made it; an export took ``export_s`` seconds."""

    export_s: float

    def watch(self, clock: PartsClock) -> None:
        """Have the clock time the pipeline's parts; called once, before the first image."""

    def generate(self, *, prompt: str, steps: int, guidance_scale: float, size: Size, latents: Image) -> Image:
        """Make an image of each of ``latents`` (batch x channels x height/8 x width/8) at once, and return the first.

        It is height x width x 3, float32 in 0..1.
        """

    @property
    def final_latents(self) -> Image:
        """The latents that this image was decoded from, 1 x channels x height/8 x width/8."""

    def surrounded(self) -> AbstractContextManager[None]:
        """Enter the context that every call of the pipeline or its models must run in."""


Replay = Callable[[Part], None]  # repeats the last call of a part, one of perf.records.evidence.LOOKED_AT


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What is really active in a pipeline: the kernels and the layers of a call of each part, and the state."""

    kernels: tuple[Kernel, ...]
    layers: tuple[Layer, ...]
    state: State
