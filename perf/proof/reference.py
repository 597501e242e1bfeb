"""The reference images: what eager float32 makes of a checkpoint and a protocol, made once per machine and kept.

They belong to the checkpoint, the protocol and the scheduler, not to a version of torch: a new torch that makes another
image is what they are there to show. A file beside each says what made it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from perf.errors import BadRecord, WorkerGarbled
from perf.host.cache import cache_dir, make_once, require_space
from perf.host.regular_file import read_bytes
from perf.proof.fidelity import Outcome

OUTCOME, MADE_BY = "outcome.npz", "made-by.json"
NEED_BYTES = 64 * 1024**2
MAX_BYTES = 256 * 1024**2  # a picture of 4096x4096 in float32


@dataclass(frozen=True)
class ReferenceImage:
    """The place of one reference, whether or not it has been made."""

    folder: Path

    @classmethod
    def of(cls, checkpoint_digest: str, protocol: Mapping[str, Any], scheduler: str) -> ReferenceImage:
        """Return its place; ``protocol`` is what decides the image: size, steps, guidance, seed and prompt."""
        whole = json.dumps([checkpoint_digest, dict(protocol), scheduler], sort_keys=True)
        return cls(cache_dir() / "references" / hashlib.sha256(whole.encode()).hexdigest()[:32])

    def read(self) -> Outcome | None:
        """Return the reference; None where it has not been made, or is damaged, and is to be made again."""
        try:
            return read(self.folder / OUTCOME)
        except BadRecord:
            return None

    def require_room(self) -> None:
        """Raise NoSpace unless there is a reference that can be read, or the cache has room for one."""
        if self.read() is None:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            require_space(self.folder.parent, NEED_BYTES, "the reference image")

    def keep(self, outcome: Path, made_by: str) -> None:
        """Keep what eager float32 has made, unless there is a reference that can be read."""

        def make(folder: Path) -> None:
            shutil.copy(outcome, folder / OUTCOME)
            (folder / MADE_BY).write_text(json.dumps({"made_by": made_by}), encoding="utf-8")

        make_once(self.folder, make, NEED_BYTES, is_usable=lambda _: self.read() is not None)


def read(path: Path) -> Outcome:
    """Read the outcome that a worker has written as an .npz file. Raises BadRecord, which names the file."""
    try:
        archive = io.BytesIO(read_bytes(path, MAX_BYTES))
        with zipfile.ZipFile(archive) as members:
            if sum(member.file_size for member in members.infolist()) > MAX_BYTES:
                raise ValueError(f"unpacks to over {MAX_BYTES >> 20} MiB")
        with np.load(archive) as arrays:
            outcome = Outcome(image=arrays["image"], latents=arrays["latents"])
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise BadRecord(str(path), f"holds no image: {error}") from error
    for name, values, axes in (("image", outcome.image, 3), ("latents", outcome.latents, 4)):
        if values.ndim != axes or not np.issubdtype(values.dtype, np.floating) or not values.size:
            raise BadRecord(str(path), f"has {name} of {values.dtype} in the shape {values.shape}")
    return outcome


def read_of_worker(name: str, path: Path) -> Outcome:
    """Read the outcome of the worker of that name. Raises WorkerGarbled if it has written none."""
    try:
        return read(path)
    except BadRecord as error:
        raise WorkerGarbled(name, f"the worker wrote no image: {error}") from None
