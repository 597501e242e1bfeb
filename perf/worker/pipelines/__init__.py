"""The backends: a module for each, with the same two functions.

``build(request: BuildRequest) -> Built`` makes a pipeline, and ``observe(built: Built, replay: Replay) -> Observed``
reads from it what is really active.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from perf.records.evidence import Kernel, Layer, State
from perf.records.part import Part
from perf.spec.protocol import Size
from perf.spec.variant import Variant


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """The input of a backend: the variant, the model on disk, the image size, and the folder where exports are kept."""

    variant: Variant
    checkpoint: Path
    checkpoint_digest: str
    size: Size
    exports: Path


Replay = Callable[[Part], None]  # repeats the last call of a part, one of perf.records.evidence.LOOKED_AT


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What is really active in a pipeline: the kernels and the layers of a call of each part, and the state."""

    kernels: tuple[Kernel, ...]
    layers: tuple[Layer, ...]
    state: State
