"""Small pictures of an image, its reference and their difference, as a record holds them."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perf.errors import BadRecord
from perf.proof.fidelity import Outcome
from perf.proof.pictures import SIDE, Pictures, pictures_of
from perf.records.typed_json import convert

LATENTS = np.ones((1, 4, 8, 8), np.float32)


def outcome(height: int, width: int, value: float = 0.5) -> Outcome:
    return Outcome(image=np.full((height, width, 3), value, np.float32), latents=LATENTS)


def pixels(text: str | None) -> NDArray[np.uint8]:
    """Return a picture's pixels, which is not None."""
    assert text is not None
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


def test_they_are_small_and_keep_their_proportions() -> None:
    pictures = pictures_of(outcome(512, 1024), outcome(512, 1024))
    assert pixels(pictures.image).shape == pixels(pictures.reference).shape == (SIDE // 2, SIDE, 3)
    assert convert(json.loads(json.dumps(pictures.to_json())), Pictures) == pictures


def test_equal_images_have_no_difference() -> None:
    pictures = pictures_of(outcome(64, 64), outcome(64, 64))
    assert (pictures.image, pictures.difference, pictures.amplified) == (pictures.reference, None, 1)


@pytest.mark.parametrize(("step", "amplified"), [(0.5, 2), (0.3, 2), (1 / 255, 128), (1e-6, 256)])
def test_a_difference_shows_where_it_is_as_bright_as_can_be(step: float, amplified: int) -> None:
    image = outcome(64, 64)
    image.image[:32, :, 1] += np.float32(step)
    pictures = pictures_of(image, outcome(64, 64))
    assert pictures.amplified == amplified
    upper, lower = np.split(pixels(pictures.difference).astype(float), 2)
    assert upper.mean() == pytest.approx(min(255, 255 * step * amplified), abs=3)
    assert lower.mean() == pytest.approx(0, abs=3)


def test_an_image_without_a_reference_or_of_another_size_is_shown_all_the_same() -> None:
    assert pictures_of(outcome(64, 64), None).reference is None
    other = pictures_of(outcome(64, 64), outcome(32, 64))
    assert (pixels(other.reference).shape, other.difference) == ((32, 64, 3), None)


def test_not_a_number_is_black() -> None:
    assert pixels(pictures_of(outcome(64, 64, value=np.nan), None).image).max() == 0


@pytest.mark.parametrize(
    "text",
    ["", "cheese!", base64.b64encode(b"<svg onload=alert(1)>").decode(), '"><script>', "A" * 100_000],
    ids=["empty", "no base64", "another kind", "HTML", "large"],
)
def test_what_is_no_picture_is_no_record(text: str) -> None:
    with pytest.raises(BadRecord, match="no WebP picture in base64"):
        convert({"image": text}, Pictures)
