"""Trends: since when a row or a whole machine is slower, faster or larger, as the nights of a history tell.

Seconds move with the machine and with the software. What all rows of a machine share is said once, as the machine's,
and is taken out of each row before that is searched. What upgrades have changed is told better by ratios to anchors
(perf.history.creep), whose steps are where the software changed and nowhere else.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from perf.gate.baseline_key import Json
from perf.history.creep import changes_between
from perf.history.points import Point
from perf.history.row_series import NightSeries, RowKey, in_time, quantities_of, rows_of, shared_level, without_upgrades
from perf.history.upgrades import SoftwareRatios
from perf.records.part import Part
from perf.stats.change_points import ChangePoint, change_points
from perf.stats.machine_verdict import MACHINE_TOLERANCE
from perf.stats.tolerances import DEFAULT_TOLERANCES, Tolerances
from perf.stats.verdict import percent
from perf.stats.watch import LATENCY, PLAIN_LATENCY, WATCHES

Floats = NDArray[np.float64]
Rows = Mapping[RowKey, Sequence[Point]]

PARTS = {str(part) for part in Part}
TIMES = {LATENCY.name, *PARTS}  # that follow the speed of the machine
PRIOR_SDS = {watch.name: watch.prior.sd for watch in WATCHES} | {LATENCY.name: PLAIN_LATENCY.prior.sd}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change between two nights, of a row's quantity or of a machine.

    Attributes:
        machine: the digest of the kind of machine.
        setting, row: None for a change of the machine, that all of its rows share.
        began: the first night of the new level, between ``earliest`` and ``latest`` with a probability of 90 %.
        ratio: the new level to the one before, between ``low`` and ``high``, beyond either with a probability of 5 %.
        p_value: the probability that noise alone shows as much somewhere between the neighbouring changes.
        tolerance: the change that matters, as a fraction.
        notes: what else changed between these nights: parts, packages, the host.
    """

    machine: str
    setting: str | None
    row: str | None
    quantity: str
    began: str
    earliest: str
    latest: str
    ratio: float
    low: float
    high: float
    p_value: float
    tolerance: float
    notes: tuple[str, ...]

    @property
    def matters(self) -> bool:
        """Whether it is for the worse, and by more than the tolerance."""
        return self.ratio > 1 + self.tolerance

    def __str__(self) -> str:
        subject = f"{self.row}: {self.quantity}" if self.row else "the machine: latency of all rows"
        place = self.began[:10]
        if self.earliest[:10] != self.latest[:10]:
            place += f" (between {self.earliest[:10]} and {self.latest[:10]})"
        noted = "".join(f"; {note}" for note in self.notes)
        return f"{subject} {percent(self.ratio)} ({percent(self.low)} to {percent(self.high)}) since {place}{noted}"


def changes(
    points: Iterable[Point], stacks: Mapping[str, Json], tolerances: Tolerances = DEFAULT_TOLERANCES
) -> tuple[Change, ...]:
    """Return all changes in the histories of some machines, those of each machine first, then of its rows.

    Args:
        points: of any rows and machines, in any order.
        stacks: the packages of each stack, by its digest (Database.stacks).
        tolerances: the changes that matter.
    """
    machines: dict[str, dict[RowKey, list[Point]]] = defaultdict(dict)
    for key, nights in rows_of(points).items():
        machines[nights[0].machine][key] = nights
    return tuple(change for rows in machines.values() for change in _of_machine(rows, stacks, tolerances))


def _of_machine(rows: Rows, stacks: Mapping[str, Json], tolerances: Tolerances) -> Iterator[Change]:
    nights = sorted({point.night: point for points in rows.values() for point in points}.values(), key=in_time)
    ratios = {key: SoftwareRatios.of(points) for key, points in rows.items()}
    levels = {key: by_night(points, without_upgrades(points, ratios[key])) for key, points in rows.items()}
    shared = shared_level(levels, [point.night for point in nights])
    for found in searched(shared, LATENCY.name):
        notes = [
            *_host_notes(found, nights),
            *_unknown_upgrades(nights[found.earliest], nights[found.latest], rows, ratios),
        ]
        yield _change(found, nights, LATENCY.name, MACHINE_TOLERANCE, notes)
    of_machine = by_night(nights, shared.values)
    for (_, row), points in rows.items():
        tolerated = tolerances.of_row(row)
        of_row = []
        for quantity, series in quantities_of(points).items():
            own = beyond(series, [of_machine[point.night] for point in points]) if quantity in TIMES else series
            for found in searched(own, quantity):
                notes = [*_host_notes(found, points), *_upgrade_notes(found, points, stacks)]
                of_row.append(_change(found, points, quantity, tolerated[quantity], notes, row=row))
        yield from told_together(of_row)


def told_together(changes: Sequence[Change]) -> list[Change]:
    """Return the changes of a row, those of its parts told with that of the latency which they make up.

    A part that matters where the latency does not is told by itself.
    """
    told = []
    parts_told: set[int] = set()
    for latency in (change for change in changes if change.quantity == LATENCY.name):
        parts = [part for part in changes if part.quantity in PARTS and _is_the_same(part, latency)]
        parts_told |= {id(part) for part in parts if latency.matters or not part.matters}
        with_it = [f"{part.quantity} {percent(part.ratio)}" for part in parts]
        notes = [f"with it {', '.join(with_it)}"] if with_it else []
        told.append(replace(latency, notes=(*notes, *latency.notes)))
    return told + [each for each in changes if each.quantity != LATENCY.name and id(each) not in parts_told]


def _is_the_same(part: Change, latency: Change) -> bool:
    """Tell whether a part may have changed when the latency did, and in the same direction."""
    at_once = part.earliest <= latency.latest and latency.earliest <= part.latest
    return at_once and (part.ratio > 1) == (latency.ratio > 1)


def by_night(points: Iterable[Point], values: Floats) -> dict[str, float]:
    """Return values by the nights of their points."""
    return {point.night: value for point, value in zip(points, values.tolist(), strict=True)}


def beyond(series: NightSeries, of_machine: Sequence[float]) -> NightSeries:
    """Return a row's series without what it shares with its machine, where enough rows tell of that on any night."""
    shared = np.array(of_machine)
    return NightSeries(series.values - shared, series.variances) if np.isfinite(shared).any() else series


def searched(series: NightSeries, quantity: str) -> tuple[ChangePoint, ...]:
    """Return the change points of a quantity's series."""
    return change_points(series.values, series.variances, prior_sd=PRIOR_SDS[quantity])


def _change(
    found: ChangePoint,
    points: Sequence[Point],
    quantity: str,
    tolerance: float,
    notes: Sequence[str],
    *,
    row: str | None = None,
) -> Change:
    first = points[found.index]
    return Change(
        machine=first.machine,
        setting=first.setting if row else None,
        row=row,
        quantity=quantity,
        began=first.began,
        earliest=points[found.earliest].began,
        latest=points[found.latest].began,
        ratio=math.exp(found.change),
        low=math.exp(found.low),
        high=math.exp(found.high),
        p_value=found.p_value,
        tolerance=tolerance,
        notes=tuple(notes),
    )


def _host_notes(found: ChangePoint, points: Sequence[Point]) -> list[str]:
    before, after = points[found.index - 1].host, points[found.index].host
    return [f"host {before} -> {after}"] if before != after else []


def _upgrade_notes(found: ChangePoint, points: Sequence[Point], stacks: Mapping[str, Json]) -> list[str]:
    """List what changed in a row's software on the nights on which the change may have been."""
    near = points[max(found.earliest - 1, 0) : found.latest + 1]
    return [
        ", ".join(changes_between(before.stack, after.stack, stacks)) or "other software"
        for before, after in pairwise(near)
        if before.stack != after.stack
    ]


def _unknown_upgrades(first: Point, last: Point, rows: Rows, ratios: Mapping[RowKey, SoftwareRatios]) -> list[str]:
    """Say how many rows have other software since these nights of which no ratio tells how fast it is."""
    count = 0
    for key, points in rows.items():
        until = [point for point in points if in_time(point) <= in_time(last)]
        before = [point for point in until if in_time(point) < in_time(first)]
        if before and ratios[key].between(before[-1].stack, until[-1].stack) is None:
            count += 1
    return (
        [f"{count} of {len(rows)} rows have other software since, not compared with what was before"] if count else []
    )
