"""Creep: upgrades that were each within the tolerance, and together are not.

The gate compares a night with its anchor, and the anchor moves on with every baseline that is accepted. Five upgrades
of 0.8 % are five times "unchanged", and 4 % against the first anchor. This says so: since when, and by which upgrades.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from perf.gate.baseline_key import Json
from perf.history.points import Point
from perf.history.row_series import in_time, rows_of
from perf.history.upgrades import LogRatio, SoftwareRatios
from perf.host.stack import HEADLINERS, package_changes
from perf.stats.tolerances import DEFAULT_TOLERANCES, Tolerances
from perf.stats.verdict import percent
from perf.stats.watch import LATENCY

MOST_PACKAGES = 3  # of an upgrade, in a sentence
MOST_UPGRADES = 8
NUMERALS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """One change of a row's software.

    Attributes:
        began: the first night with the new software, in ISO 8601.
        packages: what changed, such as ``torch 2.13.0 -> 2.14.0``.
        change: how much longer an image takes with it than before.
    """

    began: str
    packages: tuple[str, ...]
    change: LogRatio

    def __str__(self) -> str:
        shown, more = self.packages[:MOST_PACKAGES], len(self.packages) - MOST_PACKAGES
        packages = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
        return f"{packages or 'other software'} {percent(self.change.ratio)} ({self.began[:10]})"


@dataclass(frozen=True, kw_only=True)
class Creep:
    """What all upgrades of a row have come to.

    Attributes:
        since: the first night of the oldest anchor that is connected with today's software.
        open_since: the first of the last nights whose software no ratio connects with that; None if today's is.
        total: how much longer an image takes with today's software than with that anchor's.
        tolerance: the slowdown that matters, as a fraction.
    """

    setting: str
    row: str
    since: str
    open_since: str | None
    total: LogRatio
    upgrades: tuple[Upgrade, ...]
    tolerance: float

    @property
    def is_slower(self) -> bool:
        """Whether it is slower by more than the tolerance, and surely slower at all."""
        return self.total.ratio > 1 + self.tolerance and self.total.low > 1

    @property
    def is_unnoticed(self) -> bool:
        """Whether it is slower, although no single upgrade was by more than the tolerance."""
        return self.is_slower and not self._over

    @property
    def _over(self) -> list[Upgrade]:
        return [upgrade for upgrade in self.upgrades if upgrade.change.ratio > 1 + self.tolerance]

    def __str__(self) -> str:
        ratio, total = self.total.ratio, self.total
        amount = f"{100 * abs(ratio - 1):.1f} % {'slower' if ratio >= 1 else 'faster'}"
        interval = f"{percent(total.low)} to {percent(total.high)}"
        left_out = f"; its software since {self.open_since[:10]} has not been compared" if self.open_since else ""
        said = f"{self.row}: {amount} ({interval}) than the software of {self.since[:10]}, {self._by_upgrades}"
        return said + left_out

    @property
    def _by_upgrades(self) -> str:
        count, tolerance = len(self.upgrades), f"{100 * self.tolerance:g} %"
        if not count:
            return "which is the same"
        shown = [str(upgrade) for upgrade in self.upgrades[-MOST_UPGRADES:]]
        if count > MOST_UPGRADES:
            shown.insert(0, f"{count - MOST_UPGRADES} earlier")
        if count == 1:
            return f"by one upgrade: {shown[0]}"
        return f"by {numeral(count)} upgrades, {numeral(len(self._over))} of them over {tolerance}: {', '.join(shown)}"


def creeps(
    points: Iterable[Point], stacks: Mapping[str, Json], tolerances: Tolerances = DEFAULT_TOLERANCES
) -> tuple[Creep, ...]:
    """Return what upgrades have come to, for each row of each setting that was ever measured against an anchor.

    Args:
        points: of any rows and machines, in any order.
        stacks: the packages of each stack, by its digest (Database.stacks).
        tolerances: the slowdowns that matter.
    """
    found = []
    for (setting, row), nights in rows_of(points).items():
        creep = _creep(setting, row, nights, stacks, tolerances.of_row(row)[LATENCY.name])
        if creep is not None:
            found.append(creep)
    return tuple(found)


def _creep(
    setting: str, row: str, nights: Sequence[Point], stacks: Mapping[str, Json], tolerance: float
) -> Creep | None:
    """Return what the upgrades of one row have come to; None if it was never measured against an anchor."""
    anchored = [point for point in nights if point.to_anchor is not None]
    if not anchored:
        return None
    ratios, today = SoftwareRatios.of(nights), anchored[-1].stack
    known = [point for point in nights if ratios.between(point.stack, today) is not None]
    oldest = _oldest_anchor(known, ratios)
    total = ratios.between(oldest, today)
    open_nights = [point for point in nights if in_time(point) > in_time(known[-1])]
    return Creep(
        setting=setting,
        row=row,
        since=known[0].began,
        open_since=open_nights[0].began if open_nights else None,
        total=total or LogRatio(0.0, 0.0),
        upgrades=tuple(upgrades_of(oldest, known, ratios, stacks)),
        tolerance=tolerance,
    )


def _oldest_anchor(known: Sequence[Point], ratios: SoftwareRatios) -> str:
    """Return the first anchor of nights whose software is connected, or else their first software."""
    anchors = (point.to_anchor.anchor for point in known if point.to_anchor is not None)
    first = known[0].stack
    return next((anchor for anchor in anchors if ratios.between(first, anchor) is not None), first)


def upgrades_of(
    oldest: str, nights: Iterable[Point], ratios: SoftwareRatios, stacks: Mapping[str, Json]
) -> Iterator[Upgrade]:
    """Yield each change of software of nights that are connected, from the oldest anchor's on."""
    before = oldest
    for point in nights:
        change = ratios.between(before, point.stack)
        if point.stack != before and change is not None:
            yield Upgrade(began=point.began, packages=changes_between(before, point.stack, stacks), change=change)
        before = point.stack


def changes_between(before: str, after: str, stacks: Mapping[str, Json]) -> tuple[str, ...]:
    """List in what two stacks differ, the packages that decide on the speed first; nothing where one is not known."""
    if before not in stacks or after not in stacks:
        return ()
    old, new = stacks[before], stacks[after]
    changes = package_changes(old["packages"], new["packages"])
    changes.sort(key=lambda change: change.split()[0] not in HEADLINERS)
    if old.get("python_version") != new.get("python_version"):
        changes.append(f"Python {old.get('python_version')} -> {new.get('python_version')}")
    return tuple(changes)


def numeral(count: int) -> str:
    """Return a small number in words."""
    return NUMERALS[count] if count < len(NUMERALS) else str(count)
