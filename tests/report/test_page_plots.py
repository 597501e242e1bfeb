"""What the page's pictures are made of: scales, ticks, thinned series, elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from perf.report.page import svg
from perf.report.page.scale import Scale, ticks, time_ticks
from perf.report.page.svg import coordinates, element, number
from perf.report.page.thinning import Reading, pieces
from perf.report.seconds_parts import seconds_by_part, unet_calls


def test_a_long_series_keeps_its_highest_and_lowest_values() -> None:
    series = [Reading(time_s=n, value=v, low=v - 1, high=v + 1) for n, v in enumerate([5.0] * 20000)]
    series[777], series[7777] = (replace(series[n], value=v, high=9.5) for n, v in ((777, 9.0), (7777, 1.0)))
    (piece,) = pieces(series, 100)
    assert len(piece.readings) <= 200
    assert len(piece.bands) == 100
    assert {1.0, 9.0} <= {reading.value for reading in piece.readings}
    assert [reading.time_s for reading in piece.readings] == sorted(reading.time_s for reading in piece.readings)


def test_a_line_ends_where_the_anchor_changes() -> None:
    series = [Reading(time_s=n, value=1.0, low=1.0, high=1.0, run="ab"[n >= 5]) for n in range(10)]
    assert [len(piece.readings) for piece in pieces(series, 100)] == [5, 5]
    assert pieces([], 100) == []


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 10.0, [0.0, 5.0, 10.0]),
        (6.9, 7.1, [6.9, 6.95, 7.0, 7.05, 7.1]),
        (-5.75, 5.75, [-5.0, 0.0, 5.0]),
        (1.0, 1.0, [1.0]),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high, 4) == expected


@pytest.mark.parametrize(
    ("began", "ended", "labels"),
    [
        ((2026, 11, 1), (2026, 11, 3), ["1 Nov", "2 Nov", "3 Nov"]),
        ((2026, 11, 1), (2026, 11, 24), ["1 Nov", "8 Nov", "15 Nov", "22 Nov"]),
        ((2025, 12, 1), (2026, 11, 30), ["Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"]),
        ((2012, 3, 1), (2026, 11, 30), ["2015", "2020", "2025"]),
    ],
)
def test_time_has_few_ticks_with_names(
    began: tuple[int, int, int], ended: tuple[int, int, int], labels: list[str]
) -> None:
    low_s, high_s = (datetime(*each, tzinfo=UTC).timestamp() for each in (began, ended))
    assert [label for _, label in time_ticks(low_s, high_s, 4)] == labels


def test_a_scale_ends_at_its_edges() -> None:
    scale = Scale(low=1, high=100, start=0, end=10, is_log=True)
    assert [scale(value) for value in (0.1, 1, 10, 1000)] == [0, 0, pytest.approx(5), 10]
    assert Scale(low=1, high=1, start=0, end=10)(1) == 5


def test_coordinates_are_short() -> None:
    assert [number(value) for value in (3.0, -0.04, 0.5, -0.5, 12.34)] == ["3", "0", ".5", "-.5", "12.3"]
    assert coordinates([(1, -2), (0.5, 3)]) == "1-2 .5 3"


def test_an_element_escapes_its_attributes_and_children() -> None:
    assert element("text", "a < b", aria_label='"x"') == '<text aria-label="&#34;x&#34;">a &lt; b</text>'


@pytest.mark.parametrize(
    ("parts_s", "latency_s", "calls"),
    [
        ({"UNet step": 0.5, "VAE decode": 1.0}, 11.6, 21),
        ({"UNet step": 0.5, "VAE decode": 1.0}, 11.1, 20),
        ({"UNet step": 0.5, "VAE decode": 1.0}, 14.0, 21),
        ({"UNet step": 10.0}, 10.0, 1),
        ({"VAE decode": 1.0}, 2.0, 0),
    ],
)
def test_the_calls_of_the_unet_follow_from_the_seconds(
    parts_s: Mapping[str, float], latency_s: float, calls: int
) -> None:
    assert unet_calls(parts_s, latency_s, steps=20) == calls
    assert sum(seconds_by_part(parts_s, latency_s, calls).values()) >= latency_s - 1e-9


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, by WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("paper", ["#ffffff", "#14171b", "#121212"])
@pytest.mark.parametrize("colour", [svg.BLUE, svg.ORANGE, svg.GREEN, svg.PURPLE, svg.RED, svg.GREY])
def test_colours_can_be_told_from_light_and_dark_paper(colour: str, paper: str) -> None:
    """Pictures need a contrast of 3 (WCAG 2.2, 1.4.11), also where no style tells light from dark."""
    darker, lighter = sorted(map(luminance, (colour, paper)))
    assert (lighter + 0.05) / (darker + 0.05) >= 3
