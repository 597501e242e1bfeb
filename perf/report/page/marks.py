"""Marks: what happened to a series and when, as far as its points themselves show it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from perf.history.points import Point
from perf.history.trend import Change
from perf.host.stack import package_changes
from perf.stats.verdict import percent
from perf.stats.watch import LATENCY

PACKAGES_NAMED = 4


class MarkKind(StrEnum):
    """What a mark stands for."""

    PACKAGES = "packages"
    ANCHOR = "accepted baseline"
    CHANGE = "change point"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that happened to a series: at the night that began then, in a few words."""

    began: str
    text: str
    kind: MarkKind

    @property
    def day(self) -> str:
        """The day, as people read it."""
        return self.began[:10]


Stacks = Mapping[str, Mapping[str, Any]]  # by their digests


def marks_of(points: Sequence[Point], stacks: Stacks) -> list[Mark]:
    """Return where the packages or the anchor of a series change, whose points are in order of time."""
    found = []
    for before, after in itertools.pairwise(points):
        if before.stack != after.stack:
            words = changed_packages(before.stack, after.stack, stacks)
            found.append(Mark(began=after.began, text=words, kind=MarkKind.PACKAGES))
    anchored = [point for point in points if point.to_anchor]
    for before, after in itertools.pairwise(anchored):
        assert before.to_anchor, "only those that have one"
        assert after.to_anchor, "only those that have one"
        if before.to_anchor.anchor != after.to_anchor.anchor:
            words = "compared with another anchor from here on"
            found.append(Mark(began=after.began, text=words, kind=MarkKind.ANCHOR))
    return sorted(found, key=lambda mark: mark.began)


def change_marks(changes: Iterable[Change]) -> list[Mark]:
    """Return the change points of a row's latency."""
    return [
        Mark(began=change.began, text=f"{percent(change.ratio)} from here on", kind=MarkKind.CHANGE)
        for change in changes
        if change.quantity == LATENCY.name
    ]


def changed_packages(before: str, after: str, stacks: Stacks) -> str:
    """Return the packages that differ between two stacks, by their digests; the first few by name."""
    known = [stacks.get(digest, {}).get("packages", {}) for digest in (before, after)]
    changes = package_changes(*known)
    if not changes:
        return "another Python, or packages that are not known"
    rest = len(changes) - PACKAGES_NAMED
    named = ", ".join(changes[:PACKAGES_NAMED])
    return f"{named}, and {rest} more" if rest > 0 else named
