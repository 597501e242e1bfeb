"""The real worker, with useless work after each of the pipeline's calls, $SLOWED_PERCENT of the time that it took.

Silly on purpose.
"""

import importlib
import os
import sys
import time

import numpy as np

from perf.worker import wire
from perf.worker.__main__ import Worker
from perf.worker.perf_events import PerfEvents

SHARE = float(os.environ["SLOWED_PERCENT"]) / 100
matrix = np.random.default_rng(0).random((64, 64), dtype=np.float32)


def slowed(call):
    def call_and_work(*args, **kwargs):
        began_s = time.perf_counter()
        result = call(*args, **kwargs)
        work_until(time.perf_counter() + SHARE * (time.perf_counter() - began_s))
        return result

    return call_and_work


def work_until(end_s):
    while time.perf_counter() < end_s:
        matrix @ matrix


def slow(backend):
    build = backend.build

    def slowed_build(request):
        built = build(request)
        pipe = built.pipe
        for owner, name in (
            (pipe.text_encoder, "forward"),
            (pipe.unet, "forward"),
            (pipe.vae, "decode"),
            (pipe, "run_safety_checker"),
        ):
            setattr(owner, name, slowed(getattr(owner, name)))
        return built

    backend.build = slowed_build


class SlowedWorker(Worker):
    def _load(self, **fields):
        slow(importlib.import_module(f"perf.worker.pipelines.{fields['variant']['backend']}"))
        super()._load(**fields)


wire.main(sys.argv[1:], lambda reply: SlowedWorker(reply, PerfEvents()).handlers)
