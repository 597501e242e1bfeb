"""Points of a history for tests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from perf.history.night import AnchorRatio
from perf.history.points import Point

FIRST_NIGHT = datetime(2026, 1, 1, 1, tzinfo=UTC)


def began(night: int) -> str:
    """Return when a night began, in ISO 8601."""
    return (FIRST_NIGHT + timedelta(days=night)).isoformat(timespec="seconds")


def point(night: int, name: str = "openvino-static", **fields: Any) -> Point:
    """Return what a night says of a row, by default 10 s within 1 %, with the software ``a`` that is its anchor too."""
    latency_s = fields.pop("latency_s", 10.0)
    plain = {
        "night": f"{fields.get('machine', 'genoa')}-{night}",
        "began": began(night),
        "host": "runner",
        "machine": "genoa",
        "setting": fields.get("machine", "genoa") + "-256x256",
        "name": name,
        "latency_s": latency_s,
        "low_s": latency_s * 0.995,
        "high_s": latency_s * 1.005,
        "calm_rounds": None,
        "calm_s": None,
        "calm_low_s": None,
        "calm_high_s": None,
        "load_s": 5.0,
        "peak_rss_bytes": 1e9,
        "parts_s": {},
        "kind": None,
        "stack": "a",
        "to_anchor": None,
    }
    return Point(**{**plain, **fields})


def against(anchor: str, ratio: float, margin: float = 0.004) -> AnchorRatio:
    """Return the ratio to an anchor, within ``margin`` on either side."""
    return AnchorRatio(anchor=anchor, ratio=ratio, low=ratio - margin, high=ratio + margin)


def nights(
    count: int,
    name: str = "openvino-static",
    *,
    seed: int = 1,
    sd: float = 0.01,
    factors: Mapping[int, float] | None = None,
    **fields: Any,
) -> list[Point]:
    """Return the points of a row on many nights: ``sd`` between them, each factor from its night on."""
    noise = np.random.default_rng(seed).normal(0, sd, count)
    points = []
    for night in range(count):
        factor = math.prod(each for since, each in (factors or {}).items() if night >= since)
        points.append(point(night, name, latency_s=10 * factor * math.exp(noise[night]), **fields))
    return points
