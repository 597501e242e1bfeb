"""The synthetic checkpoints as data, and the latents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perf.errors import UnknownName
from perf.measure import latents
from perf.spec import synthetic


def test_the_full_size_is_the_architecture_of_stable_diffusion_15() -> None:
    spec = synthetic.find("synthetic-sd15")
    configs = spec.configs
    assert configs["unet"]["block_out_channels"] == [320, 640, 1280, 1280]
    assert configs["unet"]["cross_attention_dim"] == configs["text_encoder"]["hidden_size"] == 768
    assert configs["vae"]["block_out_channels"] == [128, 256, 512, 512]
    assert configs["safety_checker"]["vision_config"]["num_hidden_layers"] == 24
    assert configs["scheduler"]["_class_name"] == "PNDMScheduler"


def test_tiny_has_the_same_files() -> None:
    assert synthetic.find("tiny").files().keys() == synthetic.find("synthetic-sd15").files().keys()


def test_an_unknown_name() -> None:
    with pytest.raises(UnknownName, match="did you mean synthetic-sd15"):
        synthetic.find("synthetic-sd1")


def test_latents_are_the_same_everywhere(tmp_path: Path) -> None:
    values = np.load(latents.write(tmp_path, 20230328, (1, 4, 64, 64)))
    assert values.dtype == np.float32
    assert values.shape == (1, 4, 64, 64)
    assert values.ravel()[:3].tolist() == np.random.RandomState(20230328).standard_normal(3).astype("f4").tolist()
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03
