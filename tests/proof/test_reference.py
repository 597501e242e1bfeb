"""The file of a generation's image: what is no image is named, and a spoilt reference is made again."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from perf.errors import BadRecord, WorkerGarbled
from perf.proof.reference import OUTCOME, ReferenceImage, read, read_of_worker

IMAGE = np.linspace(0, 1, 16 * 16 * 3, dtype=np.float32).reshape(16, 16, 3)
LATENTS = np.ones((1, 4, 2, 2), dtype=np.float32)


def write(path: Path, **arrays: object) -> Path:
    np.savez(path, **({"image": IMAGE, "latents": LATENTS} | arrays))  # type: ignore[arg-type]
    return path


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def unpack_to_gigabytes(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("image.npy", "w") as stream:
        for _ in range(300):
            stream.write(bytes(1 << 20))


def replace_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILT: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"cheese" * 100),
    "truncated": truncate,
    "flipped": flip_a_bit,
    "huge": unpack_to_gigabytes,
    "pipe": replace_by_a_pipe,
    "folder": replace_by_a_folder,
    "no image": lambda path: np.savez(path, latents=LATENTS),
    "flat": lambda path: write(path, image=LATENTS[0, 0]),
    "text": lambda path: write(path, image=IMAGE.astype(str)),
    "objects": lambda path: write(path, image=np.array([[[None]]])),
    "nothing": lambda path: write(path, image=IMAGE[:0]),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_no_image_is_named(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    path = write(tmp_path / OUTCOME)
    assert read(path).shapes == (IMAGE.shape, LATENTS.shape)
    spoil(path)
    with pytest.raises(BadRecord, match=str(path)):
        read(path)
    with pytest.raises(WorkerGarbled, match="eager-fp32: the worker wrote no image: "):
        read_of_worker("eager-fp32", path)


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_reference_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], object]
) -> None:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path))
    outcome = write(tmp_path / OUTCOME)
    reference = ReferenceImage.of("d" * 64, {"steps": 20}, "checkpoint")
    assert reference.read() is None
    reference.keep(outcome, "a test")
    spoil(reference.folder / OUTCOME)
    assert reference.read() is None
    reference.keep(outcome, "a test")
    kept = reference.read()
    assert kept is not None
    assert kept.shapes == (IMAGE.shape, LATENTS.shape)
