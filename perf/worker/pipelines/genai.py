"""The backend of OpenVINO GenAI: C++ from the prompt to the pixels, in a stack without torch.

GenAI lets nobody look into its models, and oneDNN, which they compute with, logs what it executes only where it is told
so before it starts. So the evidence comes from a second process that builds the same pipeline, makes an image of a few
steps, and logs:

    python -m perf.worker.pipelines.genai REQUEST 1 4 64 64

``REQUEST`` is the JSON of the request ``load``, followed by the shape of the latents. Lines of its own divide the log
into the parts of the generation.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import openvino_genai
from openvino import Tensor

from perf.records.evidence import LOOKED_AT, Peak, State, grouped
from perf.records.part import Part
from perf.spec.protocol import Size
from perf.spec.variant import Variant
from perf.worker import verbose
from perf.worker.parts import PartsClock
from perf.worker.peaks import of_openvino
from perf.worker.pipelines import BuildRequest, Image, Observed, Replay

LOGGED_STEPS = 2
LOGGED_DEADLINE_S = 600.0
BEGINS = "perf begins "
WHITE = 255
MICROSECONDS = 1e6


class StartingLatents(openvino_genai.Generator):  # type: ignore[misc]
    """The given latents where GenAI asks for noise, which it does once, between the text encoder and the first step."""

    def __init__(self, latents: Image, on_asked: Callable[[], None]) -> None:
        super().__init__()
        self._latents = latents
        self._on_asked = on_asked

    def randn_tensor(self, shape: Any) -> Tensor:
        """Return the latents. Raises ValueError if another shape is asked for."""
        if tuple(shape) != self._latents.shape:
            raise ValueError(f"GenAI asks for latents of {tuple(shape)}, and was given {self._latents.shape}")
        self._on_asked()
        return Tensor(self._latents)

    def next(self) -> float:
        """Refuse: a scheduler that draws noise at every step would make another image each time."""
        raise NotImplementedError("GenAI asks for noise beyond the starting latents")


class GenAi:
    """A Pipeline that GenAI drives. It tells the seconds of its UNet's calls; the other parts are timed around them."""

    export_s = 0.0

    def __init__(self, request: BuildRequest, clock: PartsClock) -> None:
        self.request = request
        self._clock = clock
        self._pipe = openvino_genai.Text2ImagePipeline(export_of(request))
        self._pipe.reshape(1, request.size.height, request.size.width, request.guidance_scale)
        self._pipe.compile("CPU")
        self._began_s = 0.0
        self._final_latents: Image = np.empty(0, np.float32)

    def generate(self, *, prompt: str, steps: int, guidance_scale: float, size: Size, latents: Image) -> Image:
        """Make an image; see Pipeline."""
        self._begin(Part.TEXT_ENCODER)
        made = self._pipe.generate(
            prompt,
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            width=size.width,
            height=size.height,
            generator=StartingLatents(latents, self._on_encoded),
            callback=self._on_step,
        )
        self._clock.add(Part.VAE_DECODE, self._elapsed_s)
        for step_us in self._pipe.get_performance_metrics().raw_metrics.unet_inference_durations:
            self._clock.add(Part.UNET_STEP, step_us / MICROSECONDS)
        image: Image = made.data[0].astype(np.float32) / WHITE
        return image

    @property
    def final_latents(self) -> Image:
        """What GenAI has shown after the last step."""
        return self._final_latents

    @contextmanager
    def surrounded(self) -> Iterator[None]:
        """Enter no context: GenAI needs none."""
        yield

    def _on_encoded(self) -> None:
        self._clock.add(Part.TEXT_ENCODER, self._elapsed_s)
        self._begin(Part.UNET_STEP)

    def _on_step(self, step: int, steps: int, latents: Tensor) -> bool:
        """Begin the next part after a step; GenAI goes on where it is told False."""
        is_last = step + 1 == steps
        self._clock.report(step + 1)
        if is_last:
            self._final_latents = np.array(latents.data)
        self._begin(Part.VAE_DECODE if is_last else Part.UNET_STEP)
        return False

    def _begin(self, part: Part) -> None:
        self._clock.begin(part)
        self._began_s = time.perf_counter()

    @property
    def _elapsed_s(self) -> float:
        return time.perf_counter() - self._began_s


def export_of(request: BuildRequest) -> Path:
    """Return the export that another stack has made for this one. Raises ValueError where there is none."""
    if request.export is None:
        raise ValueError("GenAI makes no export, and was given none")
    return request.export


def build(request: BuildRequest, clock: PartsClock) -> GenAi:
    """Load the export that was made for GenAI, reshape it to the measured size, and compile it for the CPU."""
    return GenAi(request, clock)


def measure_peak(_: Variant) -> Peak:
    """Measure what OpenVINO reaches."""
    threads = len(os.sched_getaffinity(0))
    return of_openvino.measure(threads)


def observe(pipeline: GenAi, _: Replay) -> Observed:
    """Read the kernels from the log of oneDNN in a second process, and the rest from the files that GenAI loads."""
    log = logged_generation(pipeline.request, pipeline.final_latents.shape)
    threads = verbose.threads(log) or 0
    kernels = [
        kernel for part, lines in by_part(log).items() for kernel in grouped(part, verbose.executed(lines, threads))
    ]
    scheduler = json.loads((export_of(pipeline.request) / "scheduler" / "scheduler_config.json").read_text())
    state = State(scheduler=scheduler["_class_name"], threads=threads, isa=verbose.isa(log))
    return Observed(kernels=tuple(kernels), layers=(), state=state)


def by_part(log: str) -> dict[Part, str]:
    """Return the lines of one call of each part that is looked at: of several, those of the last."""
    sections = (section.partition("\n") for section in log.split(BEGINS)[1:])
    lines = {Part(name): text for name, _, text in sections}
    return {part: lines[part] for part in LOOKED_AT}


def logged_generation(request: BuildRequest, shape: Sequence[int]) -> str:
    """Return what oneDNN prints in a second process that makes an image of latents of this shape.

    Raises RuntimeError where it ends in an error.
    """
    command = [sys.executable, "-m", __name__, json.dumps(request.to_json()), *map(str, shape)]
    environment = os.environ | {"ONEDNN_VERBOSE": "1"}
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LOGGED_DEADLINE_S, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"the process that logs oneDNN ended with {ended.returncode}:\n{ended.stderr}")
    return ended.stdout


def begin_in_log(part: Part) -> None:
    """Print the line that divides the log, after what native code has printed and not written yet."""
    ctypes.CDLL(None).fflush(None)
    print(f"{BEGINS}{part}", flush=True)


def log_generation(request: BuildRequest, shape: Sequence[int]) -> None:
    """Build the pipeline and make an image of a few steps, which oneDNN logs."""
    pipeline = GenAi(request, PartsClock(on_step=lambda _: None, before_part=begin_in_log))
    latents = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    pipeline.generate(
        prompt="", steps=LOGGED_STEPS, guidance_scale=request.guidance_scale, size=request.size, latents=latents
    )


if __name__ == "__main__":
    log_generation(BuildRequest.from_json(json.loads(sys.argv[1])), tuple(map(int, sys.argv[2:])))
