"""What the nights of a machine tell of each row: its change points, and what its upgrades have come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perf.history.creep import Creep, creeps
from perf.history.points import Point
from perf.history.trend import Change, changes
from perf.report.page.marks import Stacks


@dataclass(frozen=True, kw_only=True)
class Trend:
    """One row's own change points, and its upgrades together."""

    changes: tuple[Change, ...] = ()
    creep: Creep | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What there is to say, a sentence each."""
        upgraded = [str(self.creep)] if self.creep and self.creep.upgrades else []
        return (*map(str, self.changes), *upgraded)


@dataclass(frozen=True, kw_only=True)
class Trends:
    """The trends of one setting: those of its rows, by name, and what all rows share, a sentence each."""

    rows: Mapping[str, Trend]
    machine: tuple[str, ...]


def trends_of(points: Sequence[Point], stacks: Stacks) -> Trends:
    """Return the trends of points of one setting."""
    found = changes(points, stacks)
    upgraded = {creep.row: creep for creep in creeps(points, stacks)}
    rows = {
        name: Trend(changes=tuple(each for each in found if each.row == name), creep=upgraded.get(name))
        for name in {point.name for point in points}
    }
    return Trends(rows=rows, machine=tuple(str(each) for each in found if each.row is None))
