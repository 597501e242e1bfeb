"""What the page shows, made from what is known of each machine."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from perf.history.night import Night, NightRow
from perf.history.points import Point
from perf.history.recorded_run import EvidencedRow, RecordedRun, describe_machine
from perf.host.stack import headline, package_changes
from perf.proof.roofline import BYTES
from perf.records.evidence import Peak
from perf.report.page.album import Album, room_beside
from perf.report.page.marks import Stacks
from perf.report.page.row_details import by_name, claims_of, energy_of, history_of, kernels_of, rounds_of
from perf.report.page.row_view import NOT_JUDGED, Change, LadderLine, NightLine, RowView
from perf.report.page.source import Source, Sources
from perf.report.page.trends import Trends, trends_of
from perf.report.page.upgrade_views import upgrade_views
from perf.report.page.view import (
    Below,
    FleetRow,
    Limit,
    MachineLine,
    MachineView,
    Page,
    Roofline,
    SoftwareChange,
)
from perf.report.rerun import command_for
from perf.report.seconds_parts import seconds_by_part, share_of_peak, unet_calls

PIECES_DRAWN = 8000  # bins of all series of the page together: what fits into it
FEWEST_BINS, MOST_BINS = 60, 150


def make_page(sources: Sources) -> Page:
    """Return what the page shows of these machines and upgrades."""
    rows = sum(len(source.night.rows) for source in sources.machines)
    bins = max(FEWEST_BINS, min(MOST_BINS, PIECES_DRAWN // max(rows, 1)))
    ordered = sorted(sources.machines, key=place)
    evidenced = [row for source in ordered if source.run for row in source.run.evidenced]
    album = Album.of(evidenced, room_beside(rows))
    machines = [machine_view(f"m{number}", source, album, bins) for number, source in enumerate(ordered, start=1)]
    return Page(
        pictures=album.contents,
        upgrades=upgrade_views(sources.given, sources.earlier),
        machines=machines,
        fleet=fleet(machines) if len(machines) > 1 else (),
    )


def place(source: Source) -> tuple[int, int, str, str]:
    """Return what machines are ordered by: the last day, then what fails, then their names."""
    night = source.night
    fails = sum(row.verdict.fails for row in night.rows if row.verdict)
    return -datetime.fromisoformat(night.began).date().toordinal(), -fails, night.host, night.cpu


def machine_view(anchor: str, source: Source, album: Album, bins: int) -> MachineView:
    """Return what the page shows of one machine, whose parts of the page begin with ``anchor``."""
    night = source.night
    context = Context(source, trends_of(source.points, source.stacks), album, bins)
    return MachineView(
        anchor=anchor,
        name=f"{night.host or 'unnamed'}: {night.cpu}",
        about=describe_machine({"cpu": night.cpu, "fingerprint": night.fingerprint}),
        measured=night.measured,
        began=night.began,
        nights=len({point.night for point in source.points}),
        misdated=source.misdated,
        commit=night.commit,
        ci_url=night.ci_url,
        verdict=machine_line(night),
        changes=software_changes(source),
        trend=context.trends.machine,
        rows=row_views(anchor, context),
        roofline=roofline(source.run) if source.run else None,
    )


@dataclass(frozen=True)
class Context:
    """What the rows of a machine are shown with; ``bins`` is how many points a line is drawn with."""

    source: Source
    trends: Trends
    album: Album
    bins: int


def row_views(anchor: str, context: Context) -> list[RowView]:
    """Return what the page shows of each row."""
    points = by_name(context.source.points)
    return [
        row_view(f"{anchor}-r{number}", row, points[row.name], context)
        for number, row in enumerate(context.source.night.rows, start=1)
    ]


def row_view(anchor: str, row: NightRow, points: Sequence[Point], context: Context) -> RowView:
    """Return what the page shows of one row, of all of whose nights these are the points."""
    source, night = context.source, context.source.night
    recorded = next((each for each in source.run.rows if each.name == row.name), None) if source.run else None
    calls = unet_calls(row.parts_s, row.latency_s, night.steps_of(row))
    return RowView(
        line=night_line(anchor, row),
        ladder=ladder_line(anchor, row, calls, night.reference_s(row), energy_of(row, recorded, night.began)),
        about=str(row.variant.get("about", "")),
        history=history_of(points, calls, source.stacks, context.trends.rows[row.name], context.bins),
        kernels=kernels_of(row, night, source.before.get(row.name)),
        claims=claims_of(recorded),
        pictures=context.album.pictures_of(recorded) if isinstance(recorded, EvidencedRow) else None,
        rounds=rounds_of(row, recorded, night.began),
        packages=headline(str(row.stack["python_version"]), row.stack["packages"]),
        command=command_for(row, night),
    )


def night_line(anchor: str, row: NightRow) -> NightLine:
    """Return the verdict on a row as the night's table has it."""
    verdict = row.verdict
    latency = verdict.latency if verdict else None
    change = None
    if latency:
        change = Change(ratio=latency.ratio, low=latency.low, high=latency.high, tolerance=latency.tolerance)
    return NightLine(
        name=row.name,
        anchor=anchor,
        kind=verdict.kind if verdict else None,
        word=str(verdict.kind) if verdict else NOT_JUDGED,
        sentence="; ".join([verdict.sentence, *verdict.caveats]) if verdict else "the run ended before its verdict",
        change=change,
        sees=verdict.sees if verdict else None,
        judged_by=str(verdict.judged_by) if verdict else "",
    )


def ladder_line(
    anchor: str, row: NightRow, calls: int, reference_s: float | None, energy_j: float | None
) -> LadderLine:
    """Return what a row took, as the ladder has it."""
    share = share_of_peak(row.reached, row.parts_s, row.latency_s, calls) if row.reached else None
    return LadderLine(
        name=row.name,
        anchor=anchor,
        latency_s=row.latency_s,
        low_s=row.interval.low,
        high_s=row.interval.high,
        seconds=seconds_by_part(row.parts_s, row.latency_s, calls),
        speed_up=reference_s / row.latency_s if reference_s else None,
        peak_rss_bytes=row.peak_rss_bytes,
        energy_j=energy_j,
        peak_share=share,
        published_s=row.variant.get("published_s", {}),
    )


def machine_line(night: Night) -> MachineLine | None:
    """Return the verdict on the machine, where it was judged."""
    verdict = night.machine_verdict
    if not verdict:
        return None
    change = None
    if verdict.get("ratio") is not None:
        names = ("ratio", "low", "high", "tolerance")
        change = Change(**{name: verdict[name] for name in names})
    fails = bool(verdict.get("fails"))
    return MachineLine(kind=str(verdict["kind"]), sentence=str(verdict["sentence"]), change=change, fails=fails)


def software_changes(source: Source) -> list[SoftwareChange]:
    """Return what differs from the anchors' software: as the run says, else by the stacks that the history knows."""
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for row in source.night.rows:
        for change in changes_of(row, source.run, source.stacks):
            rows[change].append(row.name)
    return [SoftwareChange(text=text, rows=names) for text, names in rows.items()]


def changes_of(row: NightRow, run: RecordedRun | None, stacks: Stacks) -> list[str]:
    """Return in what the software of one row differs from its anchor's."""
    if run:
        return [str(change) for change in run.records[row.name].get("software_changes") or ()]
    if row.to_anchor is None or row.to_anchor.anchor not in stacks:
        return []
    return package_changes(stacks[row.to_anchor.anchor]["packages"], row.stack["packages"])


def roofline(run: RecordedRun) -> Roofline | None:
    """Return the machine's limits, and what the parts reached below them, of those rows that have evidence."""
    rows = run.evidenced
    below = [each for row in rows for each in reached_by(row)]
    if not below:
        return None
    peak = functools.reduce(Peak.or_larger, (row.largest_peak for row in rows))
    peaks = {precision: peak.flop_per_s(precision) for precision in BYTES}
    flop_per_s = {precision: known for precision, known in peaks.items() if known}
    return Roofline(limit=Limit(flop_per_s=flop_per_s, memory_bytes_per_s=peak.memory_bytes_per_s), reached=below)


def reached_by(row: EvidencedRow) -> list[Below]:
    """Return what the parts of a row reached; a part without weights has no place among them."""
    found = []
    for part, reached in row.reached.items():
        work = row.work[part.work_key]
        if work.weights:
            per_byte = work.operations / (work.weights * BYTES[reached.precision])
            below = Below(
                row=row.name,
                part=str(part),
                precision=reached.precision,
                flop_per_byte=per_byte,
                flop_per_s=reached.flop_per_s,
                share=reached.share,
            )
            found.append(below)
    return found


def fleet(machines: Sequence[MachineView]) -> list[FleetRow]:
    """Return each row on every machine, in the order in which the machines name them."""
    by_machine: list[Mapping[str, RowView]] = [{row.line.name: row for row in machine.rows} for machine in machines]
    names = dict.fromkeys(name for rows in by_machine for name in rows)
    return [FleetRow(name=name, rows=[rows.get(name) for rows in by_machine]) for name in names]
