"""Model families: what differs between the pipelines that are measured, as data that both sides read.

::

    family                Family, what is specific to one pipeline; and what is read from a checkpoint's configurations
    unet                  the inputs of a UNet
    stable_diffusion      Stable Diffusion 1.x and 2.x, its turbo and its consistency models
    stable_diffusion_xl   Stable Diffusion XL
    stable_diffusion_3    Stable Diffusion 3, with a transformer in place of the UNet

A family is added as one more module, and named in FAMILIES: docs/how-to/add-a-model-family.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from perf.spec.families import stable_diffusion, stable_diffusion_3, stable_diffusion_xl
from perf.spec.families.family import Config, Configs, Family, Shape

__all__ = ["BY_CLASS", "BY_NAME", "FAMILIES", "Config", "Configs", "Family", "Shape", "denoiser_of", "text_encoders_of"]

FAMILIES: tuple[Family, ...] = (stable_diffusion.FAMILY, stable_diffusion_xl.FAMILY, stable_diffusion_3.FAMILY)
BY_NAME = {family.name: family for family in FAMILIES}
# The class that a checkpoint's model_index.json names -> the family that it is measured as.
BY_CLASS = {name: family for family in FAMILIES for name in (family.pipeline, *family.also_loads)}


def denoiser_of(pipe: Any) -> Any:
    """Return the model of a pipeline, of any backend, that every step calls."""
    return next(_components(pipe, dict.fromkeys(family.denoiser for family in FAMILIES)))


def text_encoders_of(pipe: Any) -> list[Any]:
    """Return the models of a pipeline, of any backend, that read the prompt."""
    return list(_components(pipe, dict.fromkeys(name for family in FAMILIES for name in family.text_encoders)))


def _components(pipe: Any, names: Iterable[str]) -> Iterator[Any]:
    return (getattr(pipe, name) for name in names if getattr(pipe, name, None) is not None)
