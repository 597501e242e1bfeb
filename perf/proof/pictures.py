"""Small pictures of an image, of the reference, and of where the two differ, for people to look at.

They prove nothing: what is judged is the image itself (perf.proof.fidelity). A run's record holds them as text.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from perf.proof.fidelity import Floats, Outcome

SIDE = 128  # pixels of the longer side
MOST_AMPLIFIED = 256  # the smallest step of an image of 8 bits is then white
QUALITY = 70  # of WebP, 0 to 100
FIRST_BYTES, KIND = b"RIFF", b"WEBP"  # at 0 and at 8
MAX_BASE64 = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """An image, the reference it is compared with, and their difference, each as WebP in base64.

    ``difference`` is of the channel that is furthest off, ``amplified`` times as bright as it is. It is None for equal
    images, and ``reference`` is None where there was nothing to compare with.

    Raises ValueError for what is no such picture: a record may hold anything, and a page shows it.
    """

    image: str
    reference: str | None = None
    difference: str | None = None
    amplified: int = 1

    def __post_init__(self) -> None:
        for name in ("image", "reference", "difference"):
            text = getattr(self, name)
            if text is not None and not _is_picture(text):
                raise ValueError(f"{name} is no WebP picture in base64 of at most {MAX_BASE64} characters")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def pictures_of(outcome: Outcome, reference: Outcome | None) -> Pictures:
    """Return the pictures of an outcome beside the reference, if there is one; NaN is black."""
    if reference is None:
        return Pictures(image=_webp(outcome.image))
    both = Pictures(image=_webp(outcome.image), reference=_webp(reference.image))
    if outcome.image.shape != reference.image.shape:
        return both
    difference = np.abs(np.nan_to_num(outcome.image) - reference.image).max(axis=2)
    largest = float(difference.max())
    if not largest:
        return both
    amplified = amplification(largest)
    return replace(both, difference=_webp(difference * amplified), amplified=amplified)


def amplification(largest: float) -> int:
    """Return the power of two that makes a difference as bright as it can be, and not brighter than white."""
    return min(MOST_AMPLIFIED, 1 << max(0, math.floor(-math.log2(largest))))


def _webp(values: Floats) -> str:
    """Return values in 0..1, of height x width or with three channels, as a small picture."""
    bytes_of_pixels = (np.nan_to_num(values).clip(0, 1) * 255).round().astype(np.uint8)
    picture = Image.fromarray(bytes_of_pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=6)
    return base64.b64encode(file.getvalue()).decode()


def _is_picture(text: str) -> bool:
    if len(text) > MAX_BASE64:
        return False
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return content[:4] == FIRST_BYTES and content[8:12] == KIND
