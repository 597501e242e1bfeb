"""Points of the rows' histories: what one night said of a row, without what only that night's own page needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from perf.history.columns import calm_columns
from perf.history.night import AnchorRatio, Night
from perf.stats.verdict import VerdictKind

FIRST_DATE = "2023-03-28"  # of the article, whose ladder this is


@dataclass(frozen=True, kw_only=True)
class Point:
    """One row of one night.

    Attributes:
        setting: what the nights of one series have in common: machine, model and protocol.
        latency_s: seconds per image, the median of the first session, between ``low_s`` and ``high_s``.
        calm_rounds: how many of these were calm, whose median is ``calm_s`` (perf.history.night.Calm); None of a night
            that was kept before that was looked at.
        to_anchor: the ratio to the anchor, which no drift of the machine reaches; None where it was not measured.
        stack: the digest of the packages that were measured.
    """

    night: str
    began: str
    host: str
    machine: str
    setting: str
    name: str
    latency_s: float
    low_s: float
    high_s: float
    calm_rounds: int | None
    calm_s: float | None
    calm_low_s: float | None
    calm_high_s: float | None
    load_s: float | None
    peak_rss_bytes: float | None
    parts_s: Mapping[str, float]
    kind: VerdictKind | None
    stack: str
    to_anchor: AnchorRatio | None

    @property
    def level_s(self) -> tuple[float, float, float] | None:
        """The seconds per image without rounds during which other work ran, and their interval; None without calm ones.

        Of a night of which that is not known, those of all rounds.
        """
        if self.calm_rounds is None:
            return self.latency_s, self.low_s, self.high_s
        if self.calm_s is None or self.calm_low_s is None or self.calm_high_s is None:
            return None
        return self.calm_s, self.calm_low_s, self.calm_high_s

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """Return the point of a line of the tables ``row`` and ``night`` together."""
        plain = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
        kind = VerdictKind(found["kind"]) if found["kind"] else None
        return cls(**{**plain, "kind": kind, "to_anchor": AnchorRatio.of_columns(found)})


def points_of(night: Night) -> list[Point]:
    """Return the points of a night, as the database returns them of one that it holds."""
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
            **calm_columns(row.calm),
            load_s=row.load_s,
            peak_rss_bytes=row.peak_rss_bytes,
            parts_s=row.parts_s,
            kind=row.verdict.kind if row.verdict else None,
            stack=row.stack_digest,
            to_anchor=row.to_anchor,
        )
        for row in night.rows
    ]


def misdated(points: Iterable[Point]) -> set[str]:
    """Return the nights whose dates cannot be."""
    return {point.night for point in points if not can_be(point.began)}


def can_be(began: str) -> bool:
    """Tell whether a night may have begun then: one of before the article, or after tomorrow, had a wrong clock."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return FIRST_DATE <= began <= tomorrow
