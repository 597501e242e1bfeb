"""A night read back from a history, as it was before it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from perf.errors import BadHistory, BadRecord
from perf.history.database import Database
from perf.history.night import AnchorRatio, Night, NightRow
from perf.history.points import Point
from perf.stats.intervals import Interval
from perf.stats.verdict import Verdict


def read_back(database: Database, kept: Mapping[str, Any]) -> Night:
    """Return the night of a line of the table ``night``, with all of its rows. Raises BadHistory."""
    try:
        rows = tuple(_row(database, kept["digest"], row) for row in database.rows(kept["digest"]))
    except (BadRecord, LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadHistory(f"{database.url}: the night of {kept['began']} cannot be read: {error!r}") from None
    same = {field.name for field in fields(Night)} - {"rows"}
    return Night(rows=rows, **{name: kept[name] for name in same})


def _row(database: Database, night: str, row: Mapping[str, Any]) -> NightRow:
    same = ("name", "variant", "latency_s", "parts_s", "load_s", "peak_rss_bytes", "reached", "fidelity")
    return NightRow(
        **{name: row[name] for name in same},
        interval=Interval(row["low_s"], row["high_s"], row["confidence"]),
        verdict=Verdict.from_json(row["verdict"]) if row["verdict"] else None,
        stack=row["packages"],
        stack_digest=row["stack"],
        to_anchor=_ratio(row),
        evidence=row["seen"],
        sessions=tuple(database.sessions(night, row["name"])),
    )


def _ratio(row: Mapping[str, Any]) -> AnchorRatio | None:
    if row["anchor"] is None:
        return None
    ratio, low, high = row["anchor_ratio"], row["anchor_low"], row["anchor_high"]
    return AnchorRatio(anchor=row["anchor"], ratio=ratio, low=low, high=high)


def points_of(night: Night) -> list[Point]:
    """Return the points of a night that no history has yet."""
    return [
        Point(
            night=night.digest,
            began=night.began,
            host=night.host,
            machine=night.machine_digest,
            setting=night.setting,
            name=row.name,
            latency_s=row.latency_s,
            low_s=row.interval.low,
            high_s=row.interval.high,
            load_s=row.load_s,
            peak_rss_bytes=row.peak_rss_bytes,
            parts_s=row.parts_s,
            kind=row.verdict.kind if row.verdict else None,
            stack=row.stack_digest,
            to_anchor=row.to_anchor,
        )
        for row in night.rows
    ]
