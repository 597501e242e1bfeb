"""What the latest night says of each row, and since when a slower one has been slower.

Only a verdict on the speed counts. A row that is undecided, disturbed or invalid says nothing of it: neither that it is
slower, nor that it no longer is. An invalid one fails its night all the same (perf.stats.verdict.FAILING).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from perf.history.kept import digest_of
from perf.history.night import Night, NightRow
from perf.history.points import Point, points_of
from perf.history.recorded_run import RecordedRun
from perf.history.row_series import RowKey, rows_of
from perf.stats.verdict import VerdictKind

SLOWER = VerdictKind.REGRESSED
NOT_SLOWER = {VerdictKind.UNCHANGED, VerdictKind.IMPROVED, VerdictKind.KNOWN, VerdictKind.NO_BASELINE}


@dataclass(frozen=True, kw_only=True)
class RowTonight:
    """A row on the latest of some nights that measured it.

    Attributes:
        run: what the night was read from.
        since: when the first night began on which it was slower, of those that no answer of another kind interrupts.
        nights: on how many nights it was slower since, this one among them.
    """

    run: RecordedRun
    night: Night
    row: NightRow
    since: str
    nights: int

    @property
    def digest(self) -> str:
        """What tells rows apart: the kind of machine, the setting and the name."""
        return digest_of([self.night.machine_digest, self.night.setting, self.row.name])

    @property
    def kind(self) -> VerdictKind | None:
        """The kind of its verdict; None where the run ended before."""
        return self.row.verdict.kind if self.row.verdict else None

    @property
    def is_slower(self) -> bool:
        """Whether it is surely slower."""
        return self.kind is SLOWER

    @property
    def is_over(self) -> bool:
        """Whether it is surely not, or no longer to be called so."""
        return self.kind in NOT_SLOWER


def rows_tonight(nights: Iterable[tuple[RecordedRun, Night]], earlier: Sequence[Point]) -> list[RowTonight]:
    """Return each row of some nights as the latest of them has it.

    Args:
        nights: runs, in any order, each with what is kept of it.
        earlier: points of a history, which may hold these nights too.
    """
    ordered = sorted(nights, key=lambda found: found[1].began)
    series = rows_of([*earlier, *(point for _, night in ordered for point in points_of(night))])
    latest: dict[RowKey, RowTonight] = {}
    for run, night in ordered:
        for row in night.rows:
            latest[night.setting, row.name] = row_tonight(run, night, row, series)
    return list(latest.values())


def row_tonight(run: RecordedRun, night: Night, row: NightRow, series: Mapping[RowKey, Sequence[Point]]) -> RowTonight:
    """Return a row of a night, with what all nights until then tell of it."""
    until = [point for point in series[night.setting, row.name] if point.began <= night.began]
    slower = slower_nights(until)
    since = slower[0].began if slower else night.began
    return RowTonight(run=run, night=night, row=row, since=since, nights=len(slower))


def slower_nights(points: Sequence[Point]) -> list[Point]:
    """Return the last nights on which a row was slower, the earliest first, back to one that says it was not."""
    found: list[Point] = []
    for point in reversed(points):
        if point.kind in NOT_SLOWER:
            break
        if point.kind is SLOWER:
            found.append(point)
    return found[::-1]
