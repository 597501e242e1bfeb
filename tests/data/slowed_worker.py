"""The real worker, with useless work after each of the pipeline's calls. Silly on purpose.

The first generation, a warm-up, tells how much work makes it $SLOWED_PERCENT slower; that amount follows every later
call.
"""

import importlib
import os
import sys
import time

import numpy as np

from perf.worker import wire
from perf.worker.__main__ import Worker

SHARE = float(os.environ["SLOWED_PERCENT"]) / 100
PRODUCTS = 2000  # timed at once
matrix = np.random.default_rng(0).random((64, 64), dtype=np.float32)


def work(products):
    for _ in range(products):
        matrix @ matrix


def timed(do, *arguments):
    began = time.perf_counter()
    do(*arguments)
    return time.perf_counter() - began


class Slowed:
    """A call of the pipeline with the work that follows it."""

    def __init__(self, call):
        self.call, self.products = call, 0
        self.calls_s = []

    def __call__(self, *args, **kwargs):
        began = time.perf_counter()
        result = self.call(*args, **kwargs)
        self.calls_s.append(time.perf_counter() - began)
        work(self.products)
        return result

    def settle(self):
        """Fix the amount of work by the calls so far, if it is not fixed yet."""
        if not self.products:
            product_s = min(timed(work, PRODUCTS) for _ in range(5)) / PRODUCTS
            self.products = round(SHARE * min(self.calls_s) / product_s)


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
        slow(importlib.import_module(f"perf.worker.pipelines.{variant['backend']}"))
        super()._load(variant, **rest)

    def _generate(self, *args, **kwargs):
        super()._generate(*args, **kwargs)
        for call in CALLS:
            call.settle()


wire.main(sys.argv[1:], lambda reply: SlowedWorker(reply).handlers)
