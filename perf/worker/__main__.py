"""The worker: a process that builds one variant and generates images on request.

    python -m perf.worker REQUEST_FD REPLY_FD PARENT_PID

perf.worker.wire describes how requests and replies travel. The requests, and the last reply to each:

============  ============================================  ===========================================
request       fields                                        last reply, and its fields
============  ============================================  ===========================================
``load``      ``variant`` (a perf.spec.variant.Variant),    ``ready``: ``load_s``, and ``export_s``,
              ``checkpoint`` (a folder),                    the seconds of an export to OpenVINO, which
              ``checkpoint_digest``, ``size`` (512x512),    ``load_s`` does not contain
              ``guidance_scale``,
              ``exports`` (the folder of exports),
              ``export`` (one of them, or null),
              ``small_vae`` (a folder, or null),
              ``prompts`` (to calibrate 8 bits with),
              ``batch`` (optional: images of a call)
``generate``  ``prompt``, ``steps``, ``guidance_scale``,    ``sample``: a perf.records.sample.Sample
              ``latents`` (a .npy file), ``takes_turns``
              (optional; see perf.worker.turns), ``size``
              (optional: another than of ``load``)
``evidence``  ``outcome`` (the .npz file to write),         ``evidence``: the fields of a
              ``with_peak`` (whether to measure it)         perf.records.evidence.Observation, and
                                                            ``peak``, a Peak of it, or null; and its own
                                                            ``claims``, if a package brings the backend
============  ============================================  ===========================================

``load`` comes once, and ``evidence`` after the timed rounds. ``outcome`` receives the last generation's ``image``,
height x width x 3, float32 in 0..1, and its final ``latents``, 1 x channels x height/8 x width/8: the first of a batch.

During a generation the worker sends ``progress`` replies, whose ``done`` is the number of UNet calls made so far; at
most one a second, so that the parent sleeps while a generation is timed. If it takes turns, it also sends a ``turn``
before each part of a generation, and waits for the parent's ``turn``.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time
from dataclasses import asdict
from types import ModuleType
from typing import Any

import numpy as np

from perf.records.evidence import Observation
from perf.records.part import Part
from perf.records.sample import Sample
from perf.spec.protocol import Size
from perf.spec.variant import Variant
from perf.worker import brought, conditions, surroundings, wire
from perf.worker.parts import PartsClock
from perf.worker.perf_events import CountsByPart, PerfEvents
from perf.worker.pipelines import BuildRequest, Image, Observed, Pipeline
from perf.worker.turns import Turns

PROGRESS_INTERVAL_S = 1.0


class Worker:
    """The handlers of the worker's requests, and the pipeline that they share."""

    def __init__(self, reply: wire.Wire, events: PerfEvents) -> None:
        self._reply = reply
        self._turns = Turns(reply)
        self._counts = CountsByPart(events)
        self._clock = PartsClock(self._on_step, self._await_turn, self._counts)
        self._progress_s = 0.0
        self._backend: Any = None
        self._pipeline: Pipeline | None = None
        self._variant: Variant | None = None
        self._image: Image | None = None
        self._size: Size | None = None

    @property
    def handlers(self) -> wire.Handlers:
        """Request -> what answers it."""
        return {"load": self._load, "generate": self._generate, "evidence": self._evidence}

    def _load(self, **fields: Any) -> None:
        began = time.perf_counter()
        request = BuildRequest.from_json(fields)
        self._variant, self._size = request.variant, request.size
        self._backend = import_backend(request.variant)
        self._pipeline = pipeline = self._backend.build(request)
        pipeline.watch(self._clock)
        elapsed_s = time.perf_counter() - began
        self._reply("ready", load_s=elapsed_s - pipeline.export_s, export_s=pipeline.export_s)

    def _generate(
        self,
        prompt: str,
        steps: int,
        guidance_scale: float,
        latents: str,
        *,
        takes_turns: bool = False,
        size: str | None = None,
    ) -> None:
        if self._pipeline is None or self._size is None:
            raise RuntimeError("generate was asked for before load")
        inputs, wanted = np.load(latents), Size.parse(size) if size else self._size
        self._clock.restart()
        self._turns.restart(takes_turns=takes_turns)
        self._progress_s = time.perf_counter()
        before = conditions.Counters.read(reset_peak=True)
        self._counts.begin()
        began = time.perf_counter()
        self._image = self._pipeline.generate(
            prompt=prompt, steps=steps, guidance_scale=guidance_scale, size=wanted, latents=inputs
        )
        ended = time.perf_counter()
        left_out_s = self._turns.waited_s + self._counts.reading_s
        counts = self._counts.end()
        after = conditions.Counters.read(reset_peak=False)
        latency_s = ended - began - left_out_s
        sample = Sample(
            steps=steps,
            latency_s=latency_s,
            parts=self._clock.parts(latency_s),
            conditions=self._turns.without_waits(conditions.between(before, after)),
            turns=self._turns.conditions(after, ended),
            ended_s=ended,
            counts=counts,
        )
        self._reply("sample", **sample.to_json())

    def _evidence(self, outcome: str, *, with_peak: bool) -> None:
        if self._pipeline is None or self._variant is None or self._image is None:
            raise RuntimeError("evidence was asked for before a generation")
        np.savez(outcome, image=self._image, latents=self._pipeline.final_latents)
        observed = self._backend.observe(self._pipeline, self._replay)
        observation = Observation(
            kernels=observed.kernels,
            state=observed.state,
            surroundings=surroundings.read(),
            layers=observed.layers,
        )
        peak = self._backend.measure_peak(self._variant).to_json() if with_peak else None
        self._reply("evidence", **observation.to_json(), peak=peak, **self._own_claims(observed))

    def _own_claims(self, observed: Observed) -> dict[str, Any]:
        """Return the claims of a backend that a package brings, as a field of the reply; none for any other."""
        if not isinstance(self._backend, brought.Brought):
            return {}
        assert isinstance(self._pipeline, brought.Held)
        return {"claims": list(map(asdict, self._backend.check_claims(self._pipeline, observed)))}

    def _await_turn(self, part: Part) -> None:
        if self._turns.are_taken:
            self._counts.pause()
            self._turns(part)

    def _replay(self, part: Part) -> None:
        assert self._pipeline is not None
        with self._pipeline.surrounded():
            self._clock.replay(part)

    def _on_step(self, done: int) -> None:
        now = time.perf_counter()
        if now - self._progress_s >= PROGRESS_INTERVAL_S:
            self._progress_s = now
            self._reply("progress", done=done)


def import_backend(variant: Variant) -> ModuleType | brought.Brought:
    """Import the module of a variant's backend, with the garbage collector off. Raises BrokenContract of a package's.

    The collector would take a fifth of the import's time, by looking at thousands of modules again and again. It runs
    once before it is turned on, or its first run would fall into a generation.
    """
    gc.disable()
    try:
        if variant.is_brought:
            return brought.load(variant)
        return importlib.import_module(f"perf.worker.pipelines.{variant.backend}")
    finally:
        gc.collect()
        gc.enable()


if __name__ == "__main__":
    counters = PerfEvents()  # before any library makes threads, which would not be counted
    wire.main(sys.argv[1:], lambda reply: Worker(reply, counters).handlers)
