"""The starting noise of every generation: drawn once per seed and shape, the same for every backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write(folder: Path, seed: int, shape: tuple[int, ...]) -> Path:
    """Write standard normal float32 latents to a .npy file in ``folder`` and return it.

    RandomState gives the same numbers in every version of numpy (NEP 19).
    """
    path = folder / f"latents-{seed}-{'x'.join(map(str, shape))}.npy"
    np.save(path, np.random.RandomState(seed).standard_normal(shape).astype(np.float32))
    return path
