"""Layers: what the models' own authors call so, such as ``down_blocks.0.resnets.1``, and the seconds that each takes.

A layer is a residual block, an attention, or a change of size with all that is in it; what is in none of these is a
layer of its own, such as ``conv_in``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from perf.records.evidence import Layer

if TYPE_CHECKING:
    import torch

BLOCKS = "resnets|attentions|downsamplers|upsamplers|transformer_blocks"
LAYER = re.compile(rf"(?:\w+\.)*?(?:{BLOCKS})\.\d+|(?:decoder\.)?(?!decoder\b)\w+")


def layer_of(name: str) -> str | None:
    """Return the layer that a module or an operation of this name belongs to; None for what is no name."""
    found = LAYER.match(name)
    return found[0] if found else None


def in_layers(part: str, timed: Iterable[tuple[str, float]]) -> tuple[Layer, ...]:
    """Return the layers in the order in which they began, of names and seconds of what belongs to them."""
    seconds: dict[str, float] = {}
    for name, time_s in timed:
        seconds[name] = seconds.get(name, 0.0) + time_s
    return tuple(Layer(part=part, name=name, time_s=round(time_s, 6)) for name, time_s in seconds.items())


@contextmanager
def timing(model: torch.nn.Module) -> Iterator[list[tuple[str, float]]]:
    """Note each layer of a model that runs within the block, and its seconds, in the list that is yielded."""
    timed: list[tuple[str, float]] = []
    began: dict[str, float] = {}

    def begin(name: str, *_: object) -> None:
        began[name] = time.perf_counter()

    def end(name: str, *_: object) -> None:
        timed.append((name, time.perf_counter() - began[name]))

    hooks = []
    for name, module in model.named_modules():
        if name and layer_of(name) == name:
            hooks.append(module.register_forward_pre_hook(partial(begin, name)))
            hooks.append(module.register_forward_hook(partial(end, name)))
    try:
        yield timed
    finally:
        for hook in hooks:
            hook.remove()
