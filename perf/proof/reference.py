"""The reference images: what eager float32 makes of a checkpoint and a protocol, made once per machine and kept.

They belong to the checkpoint, the protocol and the scheduler, not to a version of torch: a new torch that makes another
image is what they are there to show. A file beside each says what made it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from perf.host.cache import cache_dir, make_once
from perf.proof.fidelity import Outcome

OUTCOME, MADE_BY = "outcome.npz", "made-by.json"
NEED_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class ReferenceImage:
    """The place of one reference, whether or not it has been made."""

    folder: Path

    @classmethod
    def of(cls, checkpoint_digest: str, protocol: Mapping[str, Any], scheduler: str) -> ReferenceImage:
        """Return its place; ``protocol`` is what decides the image: size, steps, guidance, seed and prompt."""
        whole = json.dumps([checkpoint_digest, dict(protocol), scheduler], sort_keys=True)
        return cls(cache_dir() / "references" / hashlib.sha256(whole.encode()).hexdigest()[:32])

    @property
    def is_made(self) -> bool:
        return self.folder.exists()

    def read(self) -> Outcome:
        """Return the reference, which has been made."""
        return read(self.folder / OUTCOME)

    def keep(self, outcome: Path, made_by: str) -> None:
        """Keep what eager float32 has made, unless a reference exists already."""

        def make(folder: Path) -> None:
            shutil.copy(outcome, folder / OUTCOME)
            (folder / MADE_BY).write_text(json.dumps({"made_by": made_by}), encoding="utf-8")

        make_once(self.folder, make, NEED_BYTES)


def read(path: Path) -> Outcome:
    """Read the outcome that a worker has written as an .npz file."""
    with np.load(path) as arrays:
        return Outcome(image=arrays["image"], latents=arrays["latents"])
