"""Which tolerance holds of a row and a quantity, where several patterns match."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perf.stats.tolerances import Tolerances, specificity
from perf.stats.watch import WATCHES

SET = Tolerances(
    {
        "openvino-*": {"latency": 0.02, "peak memory": 0.05},
        "openvino-static": {"latency": 0.01},
        "*": {"latency": 0.04, "UNet step": 0.06, "VAE decode": 0.10},
    }
)


def test_without_any_all_are_the_defaults() -> None:
    assert Tolerances().watches_for("eager-fp32") == WATCHES


@pytest.mark.parametrize(
    ("name", "quantity", "tolerance"),
    [
        pytest.param("eager-fp32", "latency", 0.04, id="the pattern of all rows"),
        pytest.param("openvino-dynamic", "latency", 0.02, id="a pattern with more letters, though it stands first"),
        pytest.param("openvino-static", "latency", 0.01, id="the row's own name"),
        pytest.param("openvino-static", "peak memory", 0.05, id="a quantity that the more specific one leaves open"),
        pytest.param("openvino-static", "VAE decode", 0.10, id="a quantity that both more specific ones leave open"),
        pytest.param("openvino-static", "load time", 0.50, id="a quantity that none names"),
        pytest.param("openvino-static", "plain latency", 0.01, id="the latency read differently follows it"),
        pytest.param("openvino-static", "UNet step", 0.06, id="a quantity that is named anywhere does not follow"),
    ],
)
def test_the_most_specific_pattern_that_names_the_quantity_counts(name: str, quantity: str, tolerance: float) -> None:
    assert SET.of_row(name)[quantity] == tolerance


def test_the_unet_step_follows_the_latency_where_it_is_not_named() -> None:
    assert Tolerances({"*": {"latency": 0.01}}).of_row("eager-fp32")["UNet step"] == 0.01


def test_only_tolerances_differ_from_the_watches() -> None:
    (latency, *_) = SET.watches_for("openvino-static")
    assert (latency.name, latency.tolerance, latency.share) == ("latency", 0.01, 0.8)
    assert [watch.name for watch in SET.watches_for("openvino-static")] == [watch.name for watch in WATCHES]


def test_the_settings_of_a_row_in_a_sweep_have_its_tolerances() -> None:
    swept = replace(SET, base_names={"openvino-static-256x256": "openvino-static"})
    assert swept.of_row("openvino-static-256x256") == SET.of_row("openvino-static")
    assert SET.of_row("openvino-static-256x256")["latency"] == 0.02, "a row that happens to be called so"


def test_a_name_is_more_specific_than_any_pattern() -> None:
    patterns = ["*", "?penvino-*", "openvino-[sd]*", "openvino-static*", "openvino-static"]
    assert sorted(sorted(patterns), key=specificity) == patterns
