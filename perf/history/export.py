"""The history for other programs: CSV, JSON lines, OpenMetrics, and the JSON of github-action-benchmark."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from perf.history.points import Point

RATIO = ("anchor", "ratio", "low", "high")
PLAIN = (
    *("began", "host", "machine", "setting", "name", "latency_s", "low_s", "high_s", "load_s", "peak_rss_bytes"),
    *("kind", "stack", "night"),
)


def flat(point: Point) -> dict[str, Any]:
    """Return a point's fields beside each other, those of the ratio and of the parts under names of their own."""
    ratio = asdict(point.to_anchor) if point.to_anchor else dict.fromkeys(RATIO)
    return (
        {name: getattr(point, name) for name in PLAIN}
        | {"anchor": ratio["anchor"], **{f"anchor_{name}": ratio[name] for name in RATIO[1:]}}
        | {f"{part} s": part_s for part, part_s in point.parts_s.items()}
    )


def to_csv(points: Sequence[Point]) -> str:
    """Return a table with a heading, a line per point."""
    lines = [flat(point) for point in points]
    columns = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def to_jsonl(points: Sequence[Point]) -> str:
    """Return a JSON object per line and point."""
    return "".join(f"{json.dumps(flat(point))}\n" for point in points)


def to_openmetrics(points: Sequence[Point]) -> str:
    """Return the text format of OpenMetrics 1.0, with the time of each night, for a backfill of Prometheus."""
    return "".join(
        [
            *_family("sd_perf_latency_seconds", "Seconds per image, the median of a night.", points, _latency_s),
            *_family("sd_perf_peak_rss_bytes", "Peak memory of one generation.", points, _peak_rss_bytes),
            *_family("sd_perf_anchor_ratio", "Latency over that of the anchor's software.", points, _anchor_ratio),
            "# EOF\n",
        ]
    )


def to_github_benchmark(points: Sequence[Point]) -> str:
    """Return the latest night of each row and machine for github-action-benchmark's tool ``customSmallerIsBetter``."""
    latest = {(point.setting, point.name): point for point in points}
    entries = [
        {
            "name": f"{point.name} on {point.host}",
            "unit": "s/image",
            "value": point.latency_s,
            "range": f"{point.low_s:g} to {point.high_s:g}",
        }
        for point in latest.values()
    ]
    return json.dumps(entries, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[Point]], str]] = {
    "csv": to_csv,
    "jsonl": to_jsonl,
    "openmetrics": to_openmetrics,
    "github-benchmark": to_github_benchmark,
}


def _latency_s(point: Point) -> float | None:
    return point.latency_s


def _peak_rss_bytes(point: Point) -> float | None:
    return point.peak_rss_bytes


def _anchor_ratio(point: Point) -> float | None:
    return point.to_anchor.ratio if point.to_anchor else None


def _family(name: str, about: str, points: Iterable[Point], value: Callable[[Point], float | None]) -> list[str]:
    """Return the lines of one metric: its samples by their labels, and in the order of time within them."""
    unit = name.rpartition("_")[2]
    head = [f"# TYPE {name} gauge\n"]
    if unit != "ratio":
        head.append(f"# UNIT {name} {unit}\n")
    head.append(f"# HELP {name} {about}\n")
    samples = [(_labels(point), _epoch_s(point.began), measured) for point in points if (measured := value(point))]
    return head + [f"{name}{{{labels}}} {measured} {at_s}\n" for labels, at_s, measured in sorted(samples)]


def _labels(point: Point) -> str:
    labels = {"row": point.name, "host": point.host, "machine": point.machine[:12], "setting": point.setting[:12]}
    return ",".join(f"{name}={json.dumps(text)}" for name, text in labels.items())


def _epoch_s(began: str) -> int:
    return int(datetime.fromisoformat(began).timestamp())
