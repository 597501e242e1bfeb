"""Child side: one module per backend.

Each has ``build(request: BuildRequest) -> Built``, and ``observe(built: Built, replay: Replay) -> Observed`` which
reads what is really active.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from perf.records.evidence import Kernel, State
from perf.records.part import Part
from perf.spec.protocol import Size
from perf.spec.variant import Variant


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """What a backend needs to know: the variant, the model on disk, the image size, and where exports are kept."""

    variant: Variant
    checkpoint: Path
    checkpoint_digest: str
    size: Size
    exports: Path


Replay = Callable[[Part], None]  # makes the last call of a part (perf.records.evidence.LOOKED_AT) again
Observed = tuple[tuple[Kernel, ...], State]
