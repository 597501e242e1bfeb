"""What is known of each machine, with one model and one protocol: its last night, and the points of all of them.

Beside it stand the checked upgrades.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from perf.history.checked_upgrade import CheckedUpgrade, is_upgrade, upgrade_of
from perf.history.database import Database
from perf.history.night import Night, kept_of
from perf.history.points import Point, misdated, points_of
from perf.history.recorded_run import RecordedRun, read_json, run_of
from perf.report.page.marks import Stacks

ONE_DAY = timedelta(days=1)
UPGRADES_SHOWN = 5  # of a history


@dataclass(frozen=True, kw_only=True)
class Before:
    """A row on an earlier night: when that began, and what its worker said of itself, as JSON, if that was kept."""

    began: str
    evidence: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Source:
    """All nights of one setting: of one kind of machine, model and protocol.

    Attributes:
        night: the one to show, whole: of those of the last day, the one with most rows, since a person may have
            measured a single row again. The last day is that of the last file that was given, if any.
        run: what that night was read from; None where only the history has it.
        before: by row, what it is compared with beside its baseline; a row of a first night has nothing.
        points: those of all nights, in order of time.
        stacks: the recipes of the stacks that the points refer to, by their digests.
        misdated: how many nights have no points here, since the clock was wrong.
    """

    night: Night
    run: RecordedRun | None
    before: Mapping[str, Before]
    points: Sequence[Point]
    stacks: Stacks
    misdated: int


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All that a page is made of: the machines, and upgrades, those of files and the last ones of the history."""

    machines: Sequence[Source]
    given: Sequence[CheckedUpgrade] = ()
    earlier: Sequence[CheckedUpgrade] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.machines or self.given or self.earlier)


@dataclass
class Collected:
    """Nights as they are found, in files and in a history; those of files are here whole, by their digests."""

    points: list[Point] = field(default_factory=list)
    stacks: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    nights: dict[str, Night] = field(default_factory=dict)
    runs: dict[str, RecordedRun] = field(default_factory=dict)
    upgrades: dict[str, CheckedUpgrade] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Add a recorded run of either kind. Raises BadRun."""
        whole = read_json(path)
        if is_upgrade(whole):
            upgrade = upgrade_of(path, whole)
            self.upgrades[upgrade.digest] = upgrade
        else:
            self.add_run(run_of(path, whole))

    def add_run(self, run: RecordedRun) -> None:
        """Add a run of the ladder. Raises BadRun."""
        night = kept_of(run)
        if night.digest in self.nights:
            return
        self.nights[night.digest] = night
        self.runs[night.digest] = run
        self.points += points_of(night)
        self.stacks |= {row.stack_digest: row.stack for row in night.rows}

    def add_history(self, database: Database) -> None:
        """Add the points of a history, which may have some of the runs already."""
        points = database.points()
        known = {point.night for point in points}
        self.points = points + [point for point in self.points if point.night not in known]
        self.stacks |= database.stacks()


def read(runs: Sequence[Path], history: str | None) -> Sources:
    """Read recorded runs and a history, if there is one.

    Raises BadRun or BadHistory, which name the file or the address.
    """
    collected = Collected()
    for path in dict.fromkeys(runs):
        collected.add(path)
    given = list(collected.upgrades.values())
    if history is None:
        return Sources(machines=_machines(collected, None), given=given)
    with Database(history) as database:
        collected.add_history(database)
        earlier = _last_upgrades(database, collected.upgrades.keys())
        return Sources(machines=_machines(collected, database), given=given, earlier=earlier)


def _last_upgrades(database: Database, known: Container[str]) -> list[CheckedUpgrade]:
    """Return the last upgrades that a history has beside those that are known, the latest first."""
    others = [found["digest"] for found in database.upgrades() if found["digest"] not in known]
    return [database.upgrade(digest) for digest in others[: -UPGRADES_SHOWN - 1 : -1]]


def _machines(collected: Collected, database: Database | None) -> list[Source]:
    """Return what is known of each machine."""
    by_setting: defaultdict[str, list[Point]] = defaultdict(list)
    for point in sorted(collected.points, key=lambda point: point.began):
        by_setting[point.setting].append(point)
    given = frozenset(collected.runs)
    settings = [_Setting.of(points, given) for points in by_setting.values()]
    if database:
        _read_nights(database, {setting.shown for setting in settings}, collected)
    return [_source(setting, collected, database) for setting in settings]


@dataclass(frozen=True)
class _Setting:
    """The points of one setting, the night to show, and how many nights were left out since the clock was wrong."""

    points: Sequence[Point]
    shown: str
    misdated: int

    @classmethod
    def of(cls, points: Sequence[Point], given: Container[str]) -> _Setting:
        wrong = {night for night in misdated(points) if night not in given}
        dated = [point for point in points if point.night not in wrong]
        if not dated:  # a machine whose clock has always been wrong
            return cls(points, night_to_show(points, given), 0)
        return cls(dated, night_to_show(dated, given), len(wrong))


def _read_nights(database: Database, digests: set[str], collected: Collected) -> None:
    """Read those nights that no file has brought."""
    for digest in digests - collected.nights.keys():
        collected.nights[digest] = database.night(digest)


def _source(setting: _Setting, collected: Collected, database: Database | None) -> Source:
    return Source(
        night=collected.nights[setting.shown],
        run=collected.runs.get(setting.shown),
        before=_before(earlier_points(setting.points, setting.shown), collected, database),
        points=setting.points,
        stacks=collected.stacks,
        misdated=setting.misdated,
    )


def _before(chosen: Mapping[str, Point], collected: Collected, database: Database | None) -> dict[str, Before]:
    """Return what the workers of these rows said of themselves on the nights of these points."""
    said: dict[str, dict[str, Mapping[str, Any] | None]] = {}
    for digest in {point.night for point in chosen.values()}:
        if digest in collected.nights:
            said[digest] = {row.name: row.evidence for row in collected.nights[digest].rows}
        elif database:
            said[digest] = {row["name"]: row["seen"] for row in database.rows(digest)}
    return {name: Before(began=point.began, evidence=said[point.night].get(name)) for name, point in chosen.items()}


def night_to_show(points: Sequence[Point], given: Container[str] = ()) -> str:
    """Return the digest of the night with most rows within a day of the last one; the later of two alike.

    Args:
        points: those of one setting, in order of time.
        given: nights that are asked for: the last one is the last of these, where the setting has any.
    """
    last = next((point.began for point in reversed(points) if point.night in given), points[-1].began)
    first = (datetime.fromisoformat(last) - ONE_DAY).isoformat(timespec="seconds")
    rows = Counter(point.night for point in reversed(points) if first < point.began <= last)
    return max(rows, key=lambda night: rows[night])


def earlier_points(points: Sequence[Point], shown: str) -> dict[str, Point]:
    """Return for each row of the night that is shown the earlier night that tells most beside it, if there is one.

    That is the first one that was compared with the same anchor: what has come since is what the verdict is about. Of
    a row without an anchor it is the last one with other software, or just the one before.
    """
    last = {point.name: point for point in points if point.night == shown}
    before: defaultdict[str, list[Point]] = defaultdict(list)
    for point in points:
        if point.name in last and point.began < last[point.name].began:
            before[point.name].append(point)
    return {name: earlier_point(last[name], of_row) for name, of_row in before.items()}


def earlier_point(last: Point, before: Sequence[Point]) -> Point:
    """Return the point of a row to show beside its last one."""
    anchor = last.to_anchor and last.to_anchor.anchor
    same = (point for point in before if anchor and point.to_anchor and point.to_anchor.anchor == anchor)
    others = (point for point in reversed(before) if point.stack != last.stack)
    return next(same, None) or next(others, None) or before[-1]
