"""The synthetic checkpoints as data, and the latents."""

from __future__ import annotations

import json
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


def test_a_consistency_model_differs_in_its_unet_and_scheduler_alone() -> None:
    base, distilled = synthetic.find("tiny").files(), synthetic.find("tiny-lcm").files()
    assert {path for path in base if base[path] != distilled[path]} == {
        "model_index.json",
        "scheduler/scheduler_config.json",
        "unet/config.json",
    }


@pytest.mark.parametrize(
    ("name", "paddings"), [("tiny", ["<|endoftext|>"]), ("tiny-sd-turbo", ["!"]), ("tiny-sdxl", ["<|endoftext|>", "!"])]
)
def test_each_tokenizer_pads_as_on_the_hub(name: str, paddings: list[str]) -> None:
    files = synthetic.find(name).files()
    settings = [json.loads(text) for path, text in files.items() if path.endswith("tokenizer_config.json")]
    assert [each["pad_token"] for each in settings] == paddings
    assert json.loads(files["tokenizer/vocab.json"])["!"] == 0


@pytest.mark.parametrize("name", synthetic.SYNTHETIC)
def test_every_checkpoint_has_a_taesd_that_is_one_component(name: str) -> None:
    spec = synthetic.find(name)
    assert spec.taesd
    assert synthetic.find_taesd(spec.taesd).files().keys() == {"./config.json"}
