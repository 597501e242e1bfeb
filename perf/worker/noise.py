"""The noise that LCM's scheduler adds between two steps, made the same in every row and every generation.

diffusers draws it from torch's generator in the type of the latents. In bfloat16 those are other numbers than in
float32, so the image would be another one, and nothing could be said of its fidelity. For the same reason each image
of a batch has numbers of its own: the first gets those that it would get alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers.schedulers import scheduling_lcm

SEED = 20230328
_of_images: list[np.random.RandomState] = []


def install() -> None:
    """Have the scheduler draw from here."""
    scheduling_lcm.randn_tensor = draw


def restart() -> None:
    """Begin the numbers of a generation."""
    _of_images.clear()


def draw(shape: Sequence[int], *_: Any, dtype: torch.dtype = torch.float32, **__: Any) -> torch.Tensor:
    """Return the next noise of that shape, rounded to the type; called as diffusers' ``randn_tensor``."""
    batch, *rest = shape
    while len(_of_images) < batch:
        _of_images.append(np.random.RandomState(SEED + len(_of_images)))
    drawn = np.stack([random.standard_normal(rest) for random in _of_images[:batch]])
    return torch.from_numpy(drawn.astype(np.float32)).to(dtype)
