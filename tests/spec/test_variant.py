"""The ladder as the source article and the command line know it."""

from __future__ import annotations

import json

import pytest

from perf.errors import UnknownName
from perf.host.stack import ROOT
from perf.spec import ladder
from perf.spec.variant import Variant


def test_the_order_of_the_ladder() -> None:
    assert [variant.name for variant in ladder.LADDER] == [
        "eager-fp32",
        "eager-fp32-jemalloc",
        "eager-fp32-tcmalloc",
        "bf16-autocast",
        "bf16-channels-last",
        "bf16-compile",
        "ipex-bf16",
        "ipex-bf16-sample-input",
        "ipex-bf16-dpm",
        "openvino-dynamic",
        "openvino-static",
        "openvino-static-dpm",
    ]


@pytest.mark.parametrize("variant", ladder.LADDER, ids=lambda variant: variant.name)
def test_json_both_ways(variant: Variant) -> None:
    assert Variant.from_json(json.loads(json.dumps(variant.to_json()))) == variant


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


def test_an_option_of_another_backend_is_refused() -> None:
    with pytest.raises(ValueError, match="compiled belongs to the eager backend, not openvino"):
        Variant(name="x", about="x", stack="current", backend="openvino", precision="fp32", compiled=True)
