"""The real worker, which after each of the pipeline's calls does work that nobody wants. Silly on purpose.

How much work makes $SLOWED_PERCENT more, the first generation tells, a warm-up; from then on it is always the same.
"""

import importlib
import os
import sys
import time

import numpy as np

from perf import wire
from perf.worker import Worker

SHARE = float(os.environ["SLOWED_PERCENT"]) / 100
PRODUCTS = 200  # that are timed after each call of the warm-up
matrix = np.random.default_rng(0).random((64, 64), dtype=np.float32)


def work(products):
    for _ in range(products):
        matrix @ matrix


class Slowed:
    """A call of the pipeline, and the work that follows it."""

    def __init__(self, call):
        self.call, self.products = call, None
        self.call_s = self.work_s = 0.0
        self.calls = 0

    def __call__(self, *args, **kwargs):
        began = time.perf_counter()
        result = self.call(*args, **kwargs)
        called = time.perf_counter()
        work(PRODUCTS if self.products is None else self.products)
        self.call_s += called - began
        self.work_s += time.perf_counter() - called
        self.calls += 1
        return result

    def settle(self):
        if self.products is None and self.calls:
            product_s = self.work_s / (self.calls * PRODUCTS)
            self.products = round(SHARE * self.call_s / self.calls / product_s)


CALLS = []


def slow(backend):
    build = backend.build

    def slowed(request):
        built = build(request)
        pipe = built.pipe
        for owner, name in (
            (pipe.text_encoder, "forward"),
            (pipe.unet, "forward"),
            (pipe.vae, "decode"),
            (pipe, "run_safety_checker"),
        ):
            CALLS.append(Slowed(getattr(owner, name)))
            setattr(owner, name, CALLS[-1])
        return built

    backend.build = slowed


class SlowedWorker(Worker):
    def _load(self, variant, **rest):
        slow(importlib.import_module(f"perf.pipelines.{variant['backend']}"))
        super()._load(variant, **rest)

    def _generate(self, *args, **kwargs):
        super()._generate(*args, **kwargs)
        for call in CALLS:
            call.settle()


wire.main(sys.argv[1:], lambda reply: SlowedWorker(reply).handlers)
