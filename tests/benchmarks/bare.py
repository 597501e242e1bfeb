"""A variant without the suite, for harness_overhead.py: build it, then a plain loop around the pipeline.

Run by a stack's interpreter with the arguments of the build as JSON; generates once for each line on standard input
and answers with a line ``seconds S``.
"""

import importlib
import json
import sys
import time
from pathlib import Path

import numpy as np

from perf.spec.protocol import Size
from perf.spec.variant import Variant
from perf.worker.pipelines import BuildRequest

arguments = json.loads(sys.argv[1])
variant = Variant.from_json(arguments["variant"])
size = Size.parse(arguments["size"])
backend = importlib.import_module(f"perf.worker.pipelines.{variant.backend}")
request = BuildRequest(
    variant=variant,
    checkpoint=Path(arguments["checkpoint"]),
    checkpoint_digest=arguments["checkpoint_digest"],
    size=size,
    exports=Path(arguments["exports"]),
)
built = backend.build(request)
built.pipe.set_progress_bar_config(disable=True)
latents = np.load(arguments["latents"])

for _ in sys.stdin:
    began = time.perf_counter()
    built.generate(
        prompt=arguments["prompt"],
        steps=arguments["steps"],
        guidance_scale=arguments["guidance_scale"],
        size=size,
        latents=latents,
    )
    print("seconds", time.perf_counter() - began, flush=True)
