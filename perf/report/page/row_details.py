"""What the page shows of a row beside its verdict: kernels, claims, rounds and history."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from perf.history.night import Night, NightRow
from perf.history.points import Point
from perf.history.recorded_run import EvidencedRow, RecordedRow
from perf.proof.attribution import differences
from perf.records.evidence import Kernel
from perf.records.session_record import SessionRecord
from perf.report.kept_evidence import evidence_of
from perf.report.page.marks import Stacks, change_marks, marks_of
from perf.report.page.row_view import (
    ClaimLine,
    KernelLine,
    Kernels,
    PartsAt,
    RoundLine,
    RowHistory,
    to_the_minute,
)
from perf.report.page.source import Before
from perf.report.page.thinning import Reading, pieces
from perf.report.page.trends import Trend
from perf.report.seconds_parts import seconds_by_part
from perf.stats.level import best_use, disturbed

KERNELS_SHOWN = 8
DIFFERENCES_SHOWN = 6
RECENT_NIGHTS = 30
PARTS_BINS = 40  # of nights; their medians are smooth


def kernels_of(row: NightRow, night: Night, earlier: Before | None) -> Kernels | None:
    """Return a row's kernels beside those of an earlier night, if it has any. Raises BadHistory."""
    evidence = evidence_of(row.name, night.began, row.evidence)
    if evidence is None or not evidence.kernels:
        return None
    before = evidence_of(row.name, earlier.began, earlier.evidence) if earlier else None
    lines = list(kernel_lines(before.kernels if before else (), evidence.kernels))
    if before is None:
        lines = [KernelLine(part=line.part, name=line.name, before=line.now, now=line.now) for line in lines]
    lines.sort(key=lambda line: (line.sign == "same", -longest_s(line)))
    return Kernels(
        before=to_the_minute(earlier.began) if before and earlier else None,
        lines=lines[:KERNELS_SHOWN],
        left_out=max(0, len(lines) - KERNELS_SHOWN),
        differences=differences(before, evidence)[:DIFFERENCES_SHOWN] if before else (),
    )


def kernel_lines(before: Sequence[Kernel], now: Sequence[Kernel]) -> Iterator[KernelLine]:
    """Yield each kind of kernel that is in either."""
    was, here = ({_kind(kernel): kernel for kernel in kernels} for kernels in (before, now))
    for kind in dict.fromkeys([*here, *was]):
        part, name = kind
        old, new = was.get(kind), here.get(kind)
        yield KernelLine(
            part=part,
            name=name,
            before=(old.count, old.time_s) if old else None,
            now=(new.count, new.time_s) if new else None,
        )


def _kind(kernel: Kernel) -> tuple[str, str]:
    return str(kernel.part), f"{kernel.operation} {kernel.implementation} {kernel.types}"


def longest_s(line: KernelLine) -> float:
    """Return the seconds that a kind of kernel takes, or took."""
    return max(seconds for _, seconds in filter(None, (line.before, line.now)))


def claims_of(recorded: RecordedRow | None) -> list[ClaimLine]:
    """Return the claims that a recorded row was checked for; a history keeps none."""
    if not isinstance(recorded, EvidencedRow):
        return []
    return [ClaimLine(name=claim.name, holds=claim.holds, sentence=claim.sentence) for claim in recorded.claims]


def rounds_of(row: NightRow, recorded: RecordedRow | None, began: str) -> list[RoundLine]:
    """Return the timed rounds of a row, of all its sessions; none where they have been thinned out."""
    found = []
    for number, session in enumerate(sessions_of(row, recorded, began), start=1):
        best = best_use(session.rounds)
        for timed in session.rounds:
            waited_s = timed.cpu_pressure_s
            found.append(
                RoundLine(
                    session=number,
                    latency_s=timed.latency_s,
                    is_disturbed=disturbed(timed, best),
                    pressure=None if waited_s is None else waited_s / timed.latency_s,
                )
            )
    return found


def sessions_of(row: NightRow, recorded: RecordedRow | None, began: str) -> Sequence[SessionRecord]:
    """Return the sessions of a row, of a run that ended before its verdict the first alone; none thinned out."""
    return row.sessions or ((SessionRecord.of(recorded.session, began),) if recorded else ())


def energy_of(row: NightRow, recorded: RecordedRow | None, began: str) -> float | None:
    """Return the median joules of a row's images, memory included where it was counted; None where nothing was."""
    rounds = [timed for session in sessions_of(row, recorded, began) for timed in session.rounds]
    known = [timed.package_j + (timed.dram_j or 0.0) for timed in rounds if timed.package_j]
    return statistics.median(known) if known else None


def history_of(points: Sequence[Point], calls: int, stacks: Stacks, trend: Trend, bins: int) -> RowHistory | None:
    """Return a row over time, from its points in order of time; None of a single one."""
    if len(points) < 2:
        return None
    times_s = [time_s(point.began) for point in points]
    dated = list(zip(times_s, points, strict=True))
    return RowHistory(
        nights=len(points),
        began_s=times_s[0],
        ended_s=times_s[-1],
        seconds=pieces(list(levels(dated)), bins),
        ratios=pieces(list(ratios(dated)), bins),
        parts=parts_over_time(dated, calls),
        marks=sorted([*marks_of(points, stacks), *change_marks(trend.changes)], key=lambda mark: mark.began),
        sentences=trend.sentences,
        recent=tuple(reversed(points[-RECENT_NIGHTS:])),
    )


def time_s(began: str) -> float:
    """Return a night's beginning in seconds since 1970."""
    return datetime.fromisoformat(began).timestamp()


def levels(dated: Sequence[tuple[float, Point]]) -> Iterator[Reading]:
    """Yield the seconds per image of each night that had calm rounds."""
    for when_s, point in dated:
        if point.level_s is not None:
            value, low, high = point.level_s
            yield Reading(time_s=when_s, value=value, low=low, high=high)


def ratios(dated: Sequence[tuple[float, Point]]) -> Iterator[Reading]:
    """Yield the ratios to the anchor, where they were measured; those to one anchor are of one run."""
    for when_s, point in dated:
        if (found := point.to_anchor) is not None:
            yield Reading(time_s=when_s, value=found.ratio, low=found.low, high=found.high, run=found.anchor)


def parts_over_time(dated: Sequence[tuple[float, Point]], calls: int) -> list[PartsAt]:
    """Return the seconds by part, the median of each bin of nights."""
    size = -(-len(dated) // PARTS_BINS)
    found = []
    for start in range(0, len(dated), size):
        inside = dated[start : start + size]
        each = [seconds_by_part(point.parts_s, point.latency_s, calls) for _, point in inside]
        medians = [statistics.median(parts[label] for parts in each) for label in each[0]]
        found.append(PartsAt(time_s=statistics.fmean([when_s for when_s, _ in inside]), seconds=medians))
    return found


def by_name(points: Sequence[Point]) -> Mapping[str, list[Point]]:
    """Return the points of each row, in their order."""
    ordered = sorted(points, key=lambda point: point.name)  # stable: by time within a row
    return {name: list(of_row) for name, of_row in itertools.groupby(ordered, key=lambda point: point.name)}
