"""Child side: one worker, a process that builds one variant and generates images when told.

    python -m perf.worker REQUEST_FD REPLY_FD PARENT_PID

Its requests, over perf.wire:

========================================================  =======================================================
request                                                   last reply
========================================================  =======================================================
``load``: ``variant``, ``checkpoint``,                    ``ready``: ``load_s``, ``export_s`` (seconds; the export
``checkpoint_digest``, ``size``, ``exports``              to OpenVINO, where one had to be made, is not in load_s)
``generate``: ``prompt``, ``steps``,                      ``sample``: a perf.sample.Sample
``guidance_scale``, ``latents`` (a .npy file),
``image`` (a .npy file to write, or null)
========================================================  =======================================================

``progress`` replies have ``done``, the UNet calls made so far; at most one a second, so that the parent sleeps while a
generation is timed.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perf import conditions, wire
from perf.parts import PartsClock
from perf.pipelines import BuildRequest
from perf.protocol import Size
from perf.sample import Sample
from perf.variant import Variant

if TYPE_CHECKING:
    from perf.pipelines.built import Built

PROGRESS_INTERVAL_S = 1.0


class Worker:
    """Builds one variant and generates with it."""

    def __init__(self, reply: wire.Reply) -> None:
        self._reply = reply
        self._clock = PartsClock(self._on_step)
        self._progress_s = 0.0
        self._built: Built | None = None
        self._size: Size | None = None

    @property
    def handlers(self) -> wire.Handlers:
        return {"load": self._load, "generate": self._generate}

    def _load(
        self, variant: Mapping[str, Any], checkpoint: str, checkpoint_digest: str, size: str, exports: str
    ) -> None:
        began = time.perf_counter()
        spec = Variant.from_json(variant)
        backend = importlib.import_module(f"perf.pipelines.{spec.backend}")
        self._size = Size.parse(size)
        self._built = backend.build(
            BuildRequest(
                variant=spec,
                checkpoint=Path(checkpoint),
                checkpoint_digest=checkpoint_digest,
                size=self._size,
                exports=Path(exports),
            )
        )
        self._built.pipe.set_progress_bar_config(disable=True)
        self._clock.watch(self._built.pipe)
        elapsed_s = time.perf_counter() - began
        self._reply("ready", load_s=elapsed_s - self._built.export_s, export_s=self._built.export_s)

    def _generate(self, prompt: str, steps: int, guidance_scale: float, latents: str, image: str | None) -> None:
        if self._built is None or self._size is None:
            raise RuntimeError("generate was asked for before load")
        inputs = np.load(latents)
        self._clock.restart()
        self._progress_s = time.perf_counter()
        before = conditions.Counters.read(reset_peak=True)
        began = time.perf_counter()
        result = self._built.generate(
            prompt=prompt, steps=steps, guidance_scale=guidance_scale, size=self._size, latents=inputs
        )
        latency_s = time.perf_counter() - began
        after = conditions.Counters.read(reset_peak=False)
        if image is not None:
            np.save(image, result)
        sample = Sample(
            steps=steps,
            latency_s=latency_s,
            parts=self._clock.parts(latency_s),
            conditions=conditions.between(before, after),
        )
        self._reply("sample", **sample.to_json())

    def _on_step(self, done: int) -> None:
        now = time.perf_counter()
        if now - self._progress_s >= PROGRESS_INTERVAL_S:
            self._progress_s = now
            self._reply("progress", done=done)


if __name__ == "__main__":
    wire.main(sys.argv[1:], lambda reply: Worker(reply).handlers)
