"""A row as a trace for Perfetto or Chrome: its images by their parts, and the kernels of a call below.

An image's parts are drawn in their order, each as long as it took; what lies between them is drawn at the end. Kernels
and layers were read once, in calls of their own after the rounds. Layers are drawn in the order in which they ran, and
what is in none of them is left out. Kernels are known by their kinds: each kind is one block, as long as all of its
calls together, the longest first.

The format: "Trace Event Format", Google, complete events (``"ph": "X"``) in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from perf.history.recorded_run import EvidencedRow
from perf.records.evidence import LOOKED_AT
from perf.records.part import Part
from perf.records.sample import Parts

MICROSECONDS = 1e6
IMAGES, KERNELS, LAYERS = 1, 2, 3  # the processes that these are drawn as

Json = dict[str, Any]


def trace(row: EvidencedRow) -> Json:
    """Return the trace of a row: all timed images, and kernels and layers of a call of each part that was looked at."""
    return {
        "displayTimeUnit": "ms",
        "otherData": {"row": row.name, "model": row.model, "packages": dict(row.packages)},
        "traceEvents": [
            named(IMAGES, f"{row.name}: images"),
            named(KERNELS, f"{row.name}: kernels of one call"),
            *images(sample.parts for sample in row.session.samples),
            *kernels(row),
            named(LAYERS, f"{row.name}: layers of one call"),
            *layers(row),
        ],
    }


def images(parts: Iterable[Parts]) -> Iterator[Json]:
    """Yield each image as a block, with its parts as blocks within it."""
    at_s = 0.0
    for number, image in enumerate(parts, start=1):
        yield event(f"image {number}", at_s, image.total_s, IMAGES, 1)
        for name, part_s in in_order(image):
            yield event(name, at_s, part_s, IMAGES, 1)
            at_s += part_s


def in_order(image: Parts) -> Iterator[tuple[str, float]]:
    """Yield the parts of an image as they follow each other, with their seconds."""
    yield str(Part.TEXT_ENCODER), image.text_encoder_s
    for number, step_s in enumerate(image.unet_steps_s, start=1):
        yield f"{Part.UNET_STEP} {number}", step_s
    yield str(Part.VAE_DECODE), image.vae_decode_s
    yield str(Part.SAFETY_CHECKER), image.safety_checker_s
    yield "rest", max(0.0, image.rest_s)


def kernels(row: EvidencedRow) -> Iterator[Json]:
    """Yield the kernels of each part that was looked at, in a line of their own."""
    for thread, part in enumerate(LOOKED_AT, start=1):
        yield line_named(KERNELS, thread, str(part))
        at_s = 0.0
        for kernel in row.evidence.kernels:
            if kernel.part != part:
                continue
            about = {"implementation": kernel.implementation, "types": kernel.types, "calls": kernel.count}
            yield event(f"{kernel.operation} {kernel.types}", at_s, kernel.time_s, KERNELS, thread) | {"args": about}
            at_s += kernel.time_s


def layers(row: EvidencedRow) -> Iterator[Json]:
    """Yield the layers of each part that was looked at, in a line of their own."""
    for thread, part in enumerate(LOOKED_AT, start=1):
        yield line_named(LAYERS, thread, str(part))
        at_s = 0.0
        for layer in row.evidence.layers:
            if layer.part == part:
                yield event(layer.name, at_s, layer.time_s, LAYERS, thread)
                at_s += layer.time_s


def event(name: str, at_s: float, lasts_s: float, process: int, thread: int) -> Json:
    """Return a block of the trace."""
    begin_us, lasts_us = (round(MICROSECONDS * seconds, 3) for seconds in (at_s, lasts_s))
    return {"ph": "X", "name": name, "ts": begin_us, "dur": lasts_us, "pid": process, "tid": thread}


def named(process: int, name: str) -> Json:
    """Return what gives a process of the trace its name."""
    return {"ph": "M", "name": "process_name", "pid": process, "args": {"name": name}}


def line_named(process: int, thread: int, name: str) -> Json:
    """Return what gives a line of a process its name."""
    return {"ph": "M", "name": "thread_name", "pid": process, "tid": thread, "args": {"name": name}}
