"""Child side: one worker, a process that builds one variant and generates images when told.

    python -m perf.worker REQUEST_FD REPLY_FD PARENT_PID

The wire
========

JSON objects, one a line: requests on REQUEST_FD, replies on REPLY_FD. Standard output and error are not part of it,
since libraries print there. Each request gets any number of ``progress`` replies and then one last reply.

========================================================  =======================================================
request                                                   last reply
========================================================  =======================================================
(none: sent when the process has started)                 ``hello``
``load``: ``variant``, ``checkpoint``,                    ``ready``: ``load_s``, ``export_s`` (seconds; the export
``checkpoint_digest``, ``size``, ``exports``              to OpenVINO, where one had to be made, is not in load_s)
``generate``: ``prompt``, ``steps``,                      ``sample``: a perf.sample.Sample
``guidance_scale``, ``latents`` (a .npy file),
``image`` (a .npy file to write, or null)
========================================================  =======================================================

- ``progress``: ``done``, the UNet calls made so far; at most one a second, so that the parent sleeps while timing.
- ``error`` in place of the last reply: ``type``, ``message``, ``traceback``.
- The worker ends when REQUEST_FD is closed, and is killed by the kernel when its parent dies.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from perf import conditions
from perf.parts import PartsClock
from perf.pipelines import BuildRequest
from perf.protocol import Size
from perf.sample import Sample
from perf.variant import Variant

if TYPE_CHECKING:
    from perf.pipelines.built import Built

PROGRESS_INTERVAL_S = 1.0
PR_SET_PDEATHSIG = 1  # prctl(2)

Message = dict[str, Any]


class Worker:
    """Answers requests until there are no more."""

    def __init__(self, replies: TextIO) -> None:
        self._replies = replies
        self._clock = PartsClock(self._on_step)
        self._progress_s = 0.0
        self._built: Built | None = None
        self._size: Size | None = None

    def serve(self, requests: TextIO) -> None:
        """Handle each request in turn; an exception is a reply, not the end."""
        self._reply("hello")
        handlers: dict[str, Callable[..., None]] = {"load": self._load, "generate": self._generate}
        for line in requests:
            request: Message = json.loads(line)
            try:
                handlers[request.pop("request")](**request)
            except Exception as error:  # noqa: BLE001 - whatever it is, the parent reports it
                self._reply("error", type=type(error).__name__, message=str(error), traceback=traceback.format_exc())

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

    def _reply(self, reply: str, **fields: Any) -> None:
        self._replies.write(json.dumps({"reply": reply, **fields}) + "\n")
        self._replies.flush()


def die_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies, even inside native code that never returns."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit("the parent died before the worker had started")


def main(arguments: list[str]) -> None:
    request_fd, reply_fd, parent_pid = map(int, arguments)
    die_with(parent_pid)
    for descriptor in (request_fd, reply_fd):
        os.set_inheritable(descriptor, False)  # or a compiler started by torch would keep the pipes open
    with os.fdopen(request_fd) as requests, os.fdopen(reply_fd, "w") as replies:
        Worker(replies).serve(requests)


if __name__ == "__main__":
    main(sys.argv[1:])
