"""Child side: one module per backend, each with ``build(request: BuildRequest) -> Built``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perf.protocol import Size
from perf.variant import Variant


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """What a backend needs to know: the variant, the model on disk, the image size, and where exports are kept."""

    variant: Variant
    checkpoint: Path
    checkpoint_digest: str
    size: Size
    exports: Path
