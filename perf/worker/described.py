"""Described, a checkpoint's family and configurations, read from its folder."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perf.spec import families
from perf.spec.families import Config, Configs, Family, Shape
from perf.spec.protocol import Size


@dataclass(frozen=True)
class Described:
    """A checkpoint in ``folder``, which the parent has checked: complete, and of a family that is known."""

    folder: Path

    @functools.cached_property
    def index(self) -> Config:
        """What model_index.json says."""
        return read(self.folder / "model_index.json")

    @property
    def family(self) -> Family:
        """The family of the class that model_index.json names."""
        return families.BY_CLASS[self.index["_class_name"]]

    @property
    def components(self) -> list[str]:
        """The components with weights that this checkpoint has."""
        return [name for name in self.family.weights if self.index.get(name, [None])[0] is not None]

    @property
    def left_out(self) -> list[str]:
        """The components that model_index.json says this checkpoint does without."""
        return [name for name, value in self.index.items() if value == [None, None]]

    @functools.cached_property
    def configs(self) -> Configs:
        """The configuration of each of these components."""
        return {name: read(self.folder / name / "config.json") for name in self.components}

    def class_of(self, component: str) -> str:
        """Return the name of a component's class."""
        return str(self.index[component][1])

    def batch(self, *, is_guided: bool) -> int:
        """Return the batch that the denoiser sees for one image."""
        return self.family.batch(self.configs, is_guided=is_guided)

    def encodings(self, *, is_guided: bool) -> int:
        """Return how many times each text encoder is called for an image."""
        return self.family.encodings(self.index, self.configs, is_guided=is_guided)

    def denoiser_inputs(self, size: Size, batch: int) -> Mapping[str, Shape | Mapping[str, Shape]]:
        """Return argument -> shape of what the denoiser is called with."""
        return self.family.denoiser_inputs(self.configs, size, batch)


def read(path: Path) -> Mapping[str, Any]:
    """Return the content of a JSON file of the checkpoint."""
    content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
