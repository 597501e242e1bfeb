"""Child side: one worker, a process that builds one variant and generates images when told.

    python -m perf.worker REQUEST_FD REPLY_FD PARENT_PID

Its requests, over perf.worker.wire:

========================================================  =======================================================
request                                                   last reply
========================================================  =======================================================
``load``: ``variant``, ``checkpoint``,                    ``ready``: ``load_s``, ``export_s`` (seconds; the export
``checkpoint_digest``, ``size``, ``exports``              to OpenVINO, where one had to be made, is not in load_s)
``generate``: ``prompt``, ``steps``,                      ``sample``: a perf.records.sample.Sample
``guidance_scale``, ``latents`` (a .npy file),
``takes_turns`` (see perf.worker.turns)
``evidence``: ``outcome`` (a .npz file to write)          ``evidence``: a perf.records.evidence.Evidence
========================================================  =======================================================

``evidence`` is asked for after the timed rounds. ``outcome`` gets the last generation's ``image``, height x width x 3,
float32 in 0..1, and its final ``latents``, 1 x channels x height/8 x width/8.

``progress`` replies have ``done``, the UNet calls made so far; at most one a second, so that the parent sleeps while a
generation is timed.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from perf.records.evidence import Evidence
from perf.records.part import Part
from perf.records.sample import Sample
from perf.spec.protocol import Size
from perf.spec.variant import Variant
from perf.worker import conditions, surroundings, wire
from perf.worker.parts import PartsClock
from perf.worker.pipelines import BuildRequest
from perf.worker.turns import Turns

if TYPE_CHECKING:
    from perf.worker.pipelines.built import Built, Image

PROGRESS_INTERVAL_S = 1.0


class Worker:
    """Builds one variant and generates with it."""

    def __init__(self, reply: wire.Wire) -> None:
        self._reply = reply
        self._turns = Turns(reply)
        self._clock = PartsClock(self._on_step, self._turns)
        self._progress_s = 0.0
        self._backend: Any = None
        self._built: Built | None = None
        self._image: Image | None = None
        self._size: Size | None = None

    @property
    def handlers(self) -> wire.Handlers:
        return {"load": self._load, "generate": self._generate, "evidence": self._evidence}

    def _load(
        self, variant: Mapping[str, Any], checkpoint: str, checkpoint_digest: str, size: str, exports: str
    ) -> None:
        began = time.perf_counter()
        spec = Variant.from_json(variant)
        self._backend = import_backend(spec.backend)
        self._size = Size.parse(size)
        self._built = self._backend.build(
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

    def _generate(
        self, prompt: str, steps: int, guidance_scale: float, latents: str, *, takes_turns: bool = False
    ) -> None:
        if self._built is None or self._size is None:
            raise RuntimeError("generate was asked for before load")
        inputs = np.load(latents)
        self._clock.restart()
        self._turns.restart(takes_turns=takes_turns)
        self._progress_s = time.perf_counter()
        before = conditions.Counters.read(reset_peak=True)
        began = time.perf_counter()
        self._image = self._built.generate(
            prompt=prompt, steps=steps, guidance_scale=guidance_scale, size=self._size, latents=inputs
        )
        latency_s = time.perf_counter() - began - self._turns.waited_s
        after = conditions.Counters.read(reset_peak=False)
        sample = Sample(
            steps=steps,
            latency_s=latency_s,
            parts=self._clock.parts(latency_s),
            conditions=self._turns.without_waits(conditions.between(before, after)),
        )
        self._reply("sample", **sample.to_json())

    def _evidence(self, outcome: str) -> None:
        if self._built is None or self._image is None:
            raise RuntimeError("evidence was asked for before a generation")
        from perf.worker import peak  # noqa: PLC0415 - imports torch, as the backends do

        np.savez(outcome, image=self._image, latents=self._clock.decoded.float().numpy())
        kernels, state = self._backend.observe(self._built, self._replay)
        found = Evidence(kernels=kernels, state=state, surroundings=surroundings.read(), peak=peak.measure())
        self._reply("evidence", **found.to_json())

    def _replay(self, part: Part) -> None:
        assert self._built is not None
        with self._built.surrounded():
            self._clock.replay(part)

    def _on_step(self, done: int) -> None:
        now = time.perf_counter()
        if now - self._progress_s >= PROGRESS_INTERVAL_S:
            self._progress_s = now
            self._reply("progress", done=done)


def import_backend(name: str) -> ModuleType:
    """Without the garbage collector, which would take a fifth of the time to look at thousands of modules repeatedly.

    It looks at them once before it is on again, or its first look would fall into a generation.
    """
    gc.disable()
    try:
        return importlib.import_module(f"perf.worker.pipelines.{name}")
    finally:
        gc.collect()
        gc.enable()


if __name__ == "__main__":
    wire.main(sys.argv[1:], lambda reply: Worker(reply).handlers)
