"""A variant without the suite, for harness_overhead.py: build it, then a plain loop around the pipeline.

Run by a stack's interpreter with the arguments of the build as JSON; generates once for each line on standard input
and answers with a line ``seconds S``.
"""

import importlib
import json
import sys
import time

import numpy as np

from perf.worker.pipelines import BuildRequest

arguments = json.loads(sys.argv[1])
request = BuildRequest.from_json(arguments)
built = importlib.import_module(f"perf.worker.pipelines.{request.variant.backend}").build(request)
latents = np.load(arguments["latents"])

for _ in sys.stdin:
    began = time.perf_counter()
    built.generate(
        prompt=arguments["prompt"],
        steps=arguments["steps"],
        guidance_scale=arguments["guidance_scale"],
        size=request.size,
        latents=latents,
    )
    print("seconds", time.perf_counter() - began, flush=True)
