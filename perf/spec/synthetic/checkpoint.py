"""Synthetic, a checkpoint as configurations: everything but the weights, which are drawn from its seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from perf.spec import tokenizer
from perf.spec.tokenizer import Config

ITSELF = "."  # the place of a component that is a checkpoint by itself
CONFIG_FILES = {"scheduler": "scheduler_config.json", "feature_extractor": "preprocessor_config.json"}


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """A synthetic checkpoint, and the size that it will have on disk.

    ``index`` is model_index.json, None for a component by itself. ``configs`` maps each component to its configuration,
    ``tokenizers`` each tokenizer to the token that it pads with. ``taesd`` is the synthetic TAESD that decodes its
    latents, ``consistency_twin`` the latent consistency model of the same size, and ``own_protocol`` holds those
    settings of a measurement for which this model has a default of its own.
    """

    name: str
    disk_bytes: int
    index: Config | None
    configs: Mapping[str, Config]
    tokenizers: Mapping[str, str] = field(default_factory=dict)
    taesd: str | None = None
    consistency_twin: str | None = None
    own_protocol: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 20230328

    def files(self) -> dict[str, str]:
        """Return relative path -> text of every file but the weights."""
        contents: dict[str, Config] = {"model_index.json": self.index} if self.index else {}
        for component, config in self.configs.items():
            contents[f"{component}/{CONFIG_FILES.get(component, 'config.json')}"] = config
        for component, pad in self.tokenizers.items():
            contents |= {f"{component}/{name}": config for name, config in tokenizer.configs(pad).items()}
        texts = {path: json.dumps(content, indent=2) + "\n" for path, content in contents.items()}
        return texts | {f"{component}/merges.txt": tokenizer.NO_MERGES for component in self.tokenizers}
