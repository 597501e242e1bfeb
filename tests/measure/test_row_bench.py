"""What a row is measured with: the run's own model and protocol, or others that the row asks for."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from perf.errors import WorkerFailed
from perf.host.stack import Stack
from perf.measure import row_bench
from perf.measure.bench import Bench
from perf.measure.checkpoints import Model
from perf.measure.energy_meter import EnergyMeter
from perf.measure.known_peaks import KnownPeaks
from perf.measure.machine_probe import Probe
from perf.measure.progress import Progress
from perf.measure.row_bench import find_unsuited, of_row, twin_of
from perf.spec import ladder
from perf.spec.protocol import Deadlines, Protocol, Size, Sweep
from perf.spec.sweep import settings_of
from perf.spec.variant import Variant
from tests.builders.baselines import MODEL, STACK
from tests.builders.machines import GENOA
from tests.builders.runs import SILLY_PYTHON

PROTOCOL = Protocol(size=Size(128, 128))
TINY = replace(MODEL, name="tiny")
EXPORTING = {"torch": "2.13.0", "diffusers": "0.37.1", "optimum-intel": "2.1.0"}
SILLY = replace(STACK, python=str(SILLY_PYTHON), packages=EXPORTING)
LCM = replace(MODEL, name="SimianLuo/LCM_Dreamshaper_v7", is_consistency=True)
TINY_LCM = replace(TINY, name="tiny-lcm", is_consistency=True)
OF_THE_HUB = replace(MODEL, name="owner/name")


def variant(name: str) -> Variant:
    (variant,) = ladder.select([name])
    return variant


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    return Bench(
        protocol=PROTOCOL,
        deadlines=Deadlines(),
        model=TINY,
        machine=GENOA,
        latents=tmp_path / "latents.npy",
        exports=tmp_path / "exports",
        progress=Progress(io.StringIO()),
        probe=cast("Probe", None),
        prompts=("a", "b"),
        peaks=KnownPeaks(),
        energy_meter=EnergyMeter((), print),
    )


def bench_of(name: str, bench: Bench, folder: Path, *makers: Stack) -> Bench:
    return row_bench.row_bench(bench, variant(name), makers or (SILLY,), folder)


@pytest.mark.parametrize("name", ["lcm-4", "openvino-lcm-4"])
@pytest.mark.parametrize("model", [LCM, TINY_LCM, TINY], ids=lambda model: model.name)
def test_what_suits_a_row_of_few_steps(name: str, model: Model) -> None:
    """A latent consistency model, or one that has such a twin."""
    assert find_unsuited(variant(name), model) is None


@pytest.mark.parametrize("name", ["lcm-4", "openvino-lcm-4"])
def test_a_model_that_needs_many_steps_is_not_measured_with_few(name: str) -> None:
    missing = find_unsuited(variant(name), OF_THE_HUB)
    assert missing is not None
    assert missing.reason == "owner/name is no latent consistency model"
    assert missing.remedy.startswith("--model synthetic-lcm, tiny-lcm, or ")


@pytest.mark.parametrize("each", [each for each in ladder.LADDER if not each.latent_consistency], ids=lambda v: v.name)
def test_a_latent_consistency_model_is_not_measured_by_rows_that_guide(each: Variant) -> None:
    assert find_unsuited(each, OF_THE_HUB) is None
    missing = find_unsuited(each, LCM)
    assert missing is not None
    assert missing.reason.startswith(f"{LCM.name} is a latent consistency model")
    assert missing.remedy == "measure the rows made for it: --variant '*lcm-4'"
    assert ladder.select(["*lcm-4"]) == tuple(each for each in ladder.LADDER if each.latent_consistency)


@pytest.mark.parametrize(
    ("name", "twin"), [("tiny", "tiny-lcm"), ("synthetic-sd15", "synthetic-lcm"), ("tiny-lcm", None), ("o/n", None)]
)
def test_the_twin_of_a_model(name: str, twin: str | None) -> None:
    assert twin_of(replace(MODEL, name=name)) == twin


@pytest.mark.parametrize(
    ("name", "asked", "steps", "warmup_steps"),
    [
        ("eager-fp32", {}, 20, 10),
        ("lcm-4", {}, 4, 4),
        ("lcm-4", {"warmup_steps": 2}, 4, 2),
        ("lcm-4", {"steps": 50}, 4, 4),
    ],
)
def test_a_rows_own_steps(name: str, asked: dict[str, int], steps: int, warmup_steps: int) -> None:
    protocol = replace(PROTOCOL, **asked)  # type: ignore[arg-type]
    assert of_row(protocol, variant(name)) == replace(protocol, steps=steps, warmup_steps=warmup_steps)


@pytest.mark.parametrize("name", ["eager-fp32", "openvino-int8-hybrid", "bf16-compile-freeze"])
def test_most_rows_are_measured_with_what_the_run_has(name: str, bench: Bench, tmp_path: Path) -> None:
    assert bench_of(name, bench, tmp_path) == bench


def test_a_row_of_its_own_size_begins_with_latents_of_that_size(bench: Bench, tmp_path: Path) -> None:
    own = row_bench.row_bench(bench, replace(variant("openvino-static"), size=Size(64, 32)), [SILLY], tmp_path)
    assert own.protocol == replace(PROTOCOL, size=Size(64, 32))
    assert np.load(own.latents).shape == own.model.latents_shape(Size(64, 32))
    assert bench.protocol is PROTOCOL


def test_a_row_of_few_steps_is_measured_with_the_models_twin(bench: Bench, tmp_path: Path) -> None:
    own = bench_of("lcm-4", bench, tmp_path)
    assert (own.model.name, own.model.is_consistency) == ("tiny-lcm", True)
    assert own.protocol.steps == 4
    assert own.latents != bench.latents
    assert np.load(own.latents).shape == own.model.latents_shape(PROTOCOL.size)


def test_a_latent_consistency_model_that_is_given_is_its_own(bench: Bench, tmp_path: Path) -> None:
    given = replace(bench, model=LCM)
    own = bench_of("lcm-4", given, tmp_path)
    assert (own.model, own.latents) == (LCM, given.latents)


def test_a_small_vae_is_made_for_the_row_that_takes_one(bench: Bench, tmp_path: Path) -> None:
    small_vae = bench_of("openvino-static-taesd", bench, tmp_path).small_vae
    assert small_vae is not None
    assert json.loads((small_vae / "config.json").read_text())["_class_name"] == "AutoencoderTiny"


def test_another_stack_exports_for_genai(bench: Bench, tmp_path: Path) -> None:
    own = bench_of("genai-int8", bench, tmp_path)
    assert own.export
    assert own.export.parent == bench.exports
    assert own.load_request(variant("genai-int8"))["export"] == str(own.export)


def test_a_row_of_a_sweep_has_one_setting() -> None:
    sweep = Sweep.of([Size(64, 64), Size(128, 128)], [5, 20])
    protocol = replace(PROTOCOL, size=Size(64, 64), steps=5, sweep=sweep)
    own = [of_row(protocol, each) for each in settings_of([variant("eager-fp32")], sweep)]
    assert [(each.setting, each.warmup_steps, bool(each.sweep)) for each in own] == [
        ("64x64, 5 steps", 5, False),
        ("64x64, 20 steps", 10, False),
        ("128x128, 5 steps", 5, False),
        ("128x128, 20 steps", 10, False),
    ]


def test_a_worker_is_told_of_newer_options_only_where_the_row_has_them(bench: Bench) -> None:
    """It may be an anchor's, of a commit that knew neither."""
    told = bench.load_request(variant("eager-fp32"))["variant"]
    assert not {"size", "setting_of"} & told.keys()
    (setting, _) = settings_of([variant("eager-fp32")], Sweep.of([Size(64, 64), Size(128, 128)], []))
    told = bench.load_request(setting)["variant"]
    assert (told["size"], "setting_of" in told) == ("64x64", False)
    assert Variant.from_json(told) == replace(setting, setting_of=None)


def test_without_a_stack_that_exports_genai_cannot_run(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(WorkerFailed, match="no stack is installed here that exports a model to OpenVINO"):
        bench_of("genai-static", bench, tmp_path, replace(SILLY, packages={"torch": "2.13.0", "diffusers": "0.37.1"}))


def test_an_export_that_fails_says_why(bench: Bench, tmp_path: Path) -> None:
    broken = tmp_path / "broken-python"
    broken.write_text("#!/bin/sh\necho out of cheese >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(WorkerFailed, match="genai-static: the export failed") as caught:
        bench_of("genai-static", bench, tmp_path, replace(SILLY, python=str(broken)))
    assert "out of cheese" in str(caught.value)
