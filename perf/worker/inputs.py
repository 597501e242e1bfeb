"""Inputs of a denoiser as tensors, made of the shapes that its family names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from perf.spec.families import Shape

Shapes = Mapping[str, Shape | Mapping[str, Shape]]


def filled(shapes: Shapes, fill: Callable[[Shape], torch.Tensor]) -> dict[str, Any]:
    """Return argument -> tensor that ``fill`` makes of its shape, or a dictionary of such tensors."""
    return {name: filled(shape, fill) if isinstance(shape, Mapping) else fill(shape) for name, shape in shapes.items()}


def positional(model: torch.nn.Module, inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the inputs in the order of the parameters of the model's ``forward``, with its defaults in between."""
    bound = inspect.signature(model.forward).bind(**inputs)
    bound.apply_defaults()
    return bound.args
