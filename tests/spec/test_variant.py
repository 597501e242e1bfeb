"""The ladder as the source article and the command line know it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from perf.errors import UnknownName
from perf.host.stack import ROOT
from perf.spec import ladder
from perf.spec.protocol import Size
from perf.spec.variant import Backend, Variant


def test_the_order_of_the_ladder() -> None:
    assert [variant.name for variant in ladder.LADDER] == [
        "eager-fp32",
        "eager-fp32-jemalloc",
        "eager-fp32-tcmalloc",
        "bf16-autocast",
        "bf16-channels-last",
        "bf16-compile",
        "bf16-compile-freeze",
        "bf16-compile-autotune",
        "fp16-channels-last",
        "lcm-4",
        "ipex-bf16",
        "ipex-bf16-sample-input",
        "ipex-bf16-dpm",
        "openvino-dynamic",
        "openvino-static",
        "openvino-static-dpm",
        "openvino-static-taesd",
        "openvino-int8-hybrid",
        "openvino-int8-weights",
        "openvino-lcm-4",
        "genai-static",
        "genai-int8",
        "onnxruntime",
    ]


@pytest.mark.parametrize("variant", ladder.LADDER, ids=lambda variant: variant.name)
def test_json_both_ways(variant: Variant) -> None:
    assert Variant.from_json(json.loads(json.dumps(variant.to_json()))) == variant


@pytest.mark.parametrize(("recorded", "compiled"), [(True, "plain"), (False, None)])
def test_a_variant_of_a_record_of_version_0_2(recorded: bool, compiled: str | None) -> None:
    """It knew one way to compile, and none of the options that came later."""
    later = ("quantized", "vae", "latent_consistency", "steps")
    (bf16_compile,) = ladder.select(["bf16-compile"])
    fields = {name: value for name, value in bf16_compile.to_json().items() if name not in later}
    variant = Variant.from_json(fields | {"compiled": recorded})
    assert variant == replace(bf16_compile, compiled=compiled)  # type: ignore[arg-type]


def test_the_published_figures() -> None:
    sapphire_rapids = {v.name: v.published_s["Sapphire Rapids"] for v in ladder.LADDER if v.published_s}
    assert sapphire_rapids == {
        "eager-fp32": 32.3,
        "eager-fp32-jemalloc": 11.8,
        "ipex-bf16-sample-input": 5.4,
        "ipex-bf16-dpm": 5.05,
        "openvino-dynamic": 16.7,
        "openvino-static": 4.7,
    }
    assert ladder.LADDER[0].published_s["Ice Lake"] == 45.0


def test_ipex_stands_on_the_system_tuning() -> None:
    assert all(variant.tuning for variant in ladder.LADDER if variant.backend == "ipex")


def test_the_readme_names_every_row() -> None:
    rows = "".join(line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `"))
    for variant in ladder.LADDER:
        ending = variant.name.rpartition("-")[2]
        assert f"`{variant.name}`" in rows or f"`-{ending}`" in rows, variant.name


def test_selection_keeps_the_order_of_the_ladder() -> None:
    assert [v.name for v in ladder.select(["openvino-static", "eager-fp32"])] == ["eager-fp32", "openvino-static"]
    assert ladder.select([]) == ladder.LADDER


def test_near_misses_are_named() -> None:
    with pytest.raises(UnknownName, match="did you mean ipex-bf16"):
        ladder.select(["ipex-fb16"])


@pytest.mark.parametrize(
    ("backend", "option", "says"),
    [
        ("openvino", {"compiled": "plain"}, "compiled belongs to eager, not to openvino"),
        ("eager", {"sample_input": True}, "sample_input belongs to ipex, not to eager"),
        ("ipex", {"static_shape": True}, "static_shape belongs to openvino and genai, not to ipex"),
        ("eager", {"quantized": "int8-hybrid"}, "quantized belongs to openvino and genai, not to eager"),
    ],
)
def test_an_option_of_another_backend_is_refused(backend: Backend, option: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^x: {says}$"):
        Variant(name="x", about="x", stack="current", backend=backend, precision="fp32", **option)


@pytest.mark.parametrize("name", ["genai-static", "genai-int8", "openvino-static-taesd", "openvino-int8-weights"])
def test_what_runs_openvinos_models_is_static(name: str) -> None:
    (variant,) = ladder.select([name])
    assert variant.runs_openvino
    assert variant.static_shape


def test_a_row_of_its_own_size_is_read_as_it_is_written() -> None:
    (static,) = ladder.select(["openvino-static"])
    own = replace(static, size=Size(256, 128))
    assert own.to_json()["size"] == "256x128"
    assert Variant.from_json(json.loads(json.dumps(own.to_json()))) == own
    assert "size" not in static.to_json(), "the worker of an anchor may be of a commit that knows no such option"


@pytest.mark.parametrize("variant", ladder.LADDER, ids=lambda variant: variant.name)
def test_an_image_in_fewer_bits_may_be_further_away(variant: Variant) -> None:
    """Every row has its limits: float32's are the narrowest, those of activations in 8 bits the widest."""
    limits, exact, widest = ladder.FIDELITY[variant.arithmetic], ladder.FIDELITY["fp32"], ladder.INT8_ACTIVATIONS
    assert limits == {"fp32": exact, "int8-hybrid": widest}.get(variant.arithmetic, ladder.BFLOAT16)
    assert widest.psnr_db < ladder.BFLOAT16.psnr_db < exact.psnr_db
    assert widest.latents_error > ladder.BFLOAT16.latents_error > exact.latents_error
