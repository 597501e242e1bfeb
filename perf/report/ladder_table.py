"""The ladder as a table: for a terminal, and as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

from perf.measure.ladder_row import LadderRow
from perf.report.tables import aligned, markdown_table, wrapped
from perf.spec.ladder import EAGER_FP32, ICE_LAKE, SAPPHIRE_RAPIDS
from perf.stats.intervals import Interval, median_interval

# Narrow enough for 80 columns.
HEADINGS = ("variant", "s/image", "interval", "n", "speed-up", "GiB", "ICL", "SPR")
SEES = "sees"  # a column more, where there is room for it
PUBLISHED = (ICE_LAKE, SAPPHIRE_RAPIDS)
WITHIN_SETTING = "  "  # before a name below the setting that it is of
UNBROKEN = 1000  # columns, more than any table takes
ABOUT_SEES = "sees: the smallest slowdown that would have been found with 95 % probability."

Sees = Mapping[str, float]  # by row; as ratios
NOTHING_SEEN: Sees = {}


def cells(row: LadderRow, reference_s: float | None) -> tuple[str, ...]:
    """Return the texts of a measured row, in the order of HEADINGS; ``reference_s`` is eager fp32's median latency."""
    assert row.session is not None
    median_s = statistics.median(row.latencies_s)
    peak = row.session.peak_rss_bytes
    return (
        f"{WITHIN_SETTING}{row.variant.base_name}" if row.variant.setting else row.variant.name,
        seconds(median_s),
        interval(median_interval(row.latencies_s)),
        str(len(row.latencies_s)),
        f"{reference_s / median_s:.2f}x" if reference_s else "-",
        f"{peak / 1024**3:.1f}" if peak else "-",
        *(f"{row.variant.published_s[cpu]:g}" if cpu in row.variant.published_s else "-" for cpu in PUBLISHED),
    )


def by_setting(rows: Iterable[LadderRow]) -> dict[str, list[LadderRow]]:
    """Return the rows that were measured by their setting in a sweep, which outside one is an empty text."""
    groups: dict[str, list[LadderRow]] = {}
    for row in rows:
        if row.latencies_s:
            groups.setdefault(row.variant.setting, []).append(row)
    return groups


def lines_of(
    rows: Iterable[LadderRow], cells_of: Callable[[LadderRow, float | None], tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """Return the texts of each row that was measured; in a sweep those of one setting below a line with its name.

    Args:
        rows: those of a run.
        cells_of: makes the texts of a row, told the median latency of eager fp32 at the same setting.
    """
    lines: list[tuple[str, ...]] = []
    for setting, measured in by_setting(rows).items():
        reference_s = reference_latency_s(measured)
        lines += [(in_words(setting),)] if setting else []
        lines += [cells_of(row, reference_s) for row in measured]
    return lines


def measured_cells(rows: Iterable[LadderRow]) -> list[tuple[str, ...]]:
    """Return the texts of each row that was measured, and of each setting of a sweep."""
    return lines_of(rows, cells)


def cells_with_sees(rows: Iterable[LadderRow], sees: Sees) -> list[tuple[str, ...]]:
    """Return the same with the slowdown that each row could have seen."""

    def extended(row: LadderRow, reference_s: float | None) -> tuple[str, ...]:
        return (*cells(row, reference_s), smallest_slowdown(sees.get(row.variant.name)))

    return lines_of(rows, extended)


def in_words(setting: str) -> str:
    """Return what a setting is called in a table: ``256x256-10steps`` as ``256x256, 10 steps``."""
    return setting.replace("-", ", ").replace("steps", " steps")


def smallest_slowdown(ratio: float | None) -> str:
    """Format the smallest slowdown that would have been found: 1.021 as ``2.1 %``."""
    return "-" if ratio is None else f"{100 * (ratio - 1):.1f} %"


def reference_latency_s(measured: Iterable[LadderRow]) -> float | None:
    """Return the median of the row that speed-ups refer to, or None if this run did not measure it."""
    for row in measured:
        if row.variant.base_name == EAGER_FP32:
            return statistics.median(row.latencies_s)
    return None


def terminal(rows: Sequence[LadderRow], width: int, sees: Sees = NOTHING_SEEN) -> list[str]:
    """Return the ladder in lines of ``width`` columns, the reasons for missing rows below it.

    ``sees`` are the smallest slowdowns that would have been found; their column is left out where it does not fit.
    """
    table = aligned(HEADINGS, measured_cells(rows), width)
    notes = footnotes(rows)
    if sees:
        extended = aligned((*HEADINGS, SEES), cells_with_sees(rows, sees), UNBROKEN)
        if max(map(len, extended)) <= width:
            table = extended
            notes.append(ABOUT_SEES)
    below = [part for line in (*notes, *reasons(rows)) for part in wrapped(line, width)]
    return [*table, *below]


def markdown(rows: Sequence[LadderRow], title: str, about: Iterable[str], sees: Sees = NOTHING_SEEN) -> str:
    """Return the ladder as a GitHub table, below ``title`` and the lines that say what was measured on what."""
    table = markdown_table(HEADINGS, measured_cells(rows))
    notes = footnotes(rows)
    if sees:
        table = markdown_table((*HEADINGS, SEES), cells_with_sees(rows, sees))
        notes.append(ABOUT_SEES)
    below = (f"{line}  " for line in (*notes, *reasons(rows)))  # two spaces end a line in Markdown
    lines = [f"## {title}", "", *(f"- {line}" for line in about), "", *table, "", *below]
    return "\n".join(lines).rstrip() + "\n"


def footnotes(rows: Iterable[LadderRow]) -> list[str]:
    """Say what the columns mean; nothing for a run that measured no row."""
    intervals = [median_interval(row.latencies_s) for row in rows if row.latencies_s]
    if not intervals:
        return []
    return [
        "s/image: median of n timed generations.",
        f"interval: of that median, distribution-free, {confidence_range(intervals)}.",
        "speed-up: over eager-fp32. GiB: peak memory of one generation.",
        "ICL, SPR: published, Ice Lake and Sapphire Rapids (SD 1.5, 512x512, 20 steps).",
    ]


def confidence_range(intervals: Iterable[Interval]) -> str:
    """Return the confidence of intervals, or both ends where rows have different numbers of rounds."""
    known = sorted({bounds.confidence for bounds in intervals if bounds.confidence})
    if not known:
        return "of two images or more"
    lowest, highest = (f"{known[end]:.0%}" for end in (0, -1))
    return f"{lowest} confidence" if lowest == highest else f"{lowest} to {highest} confidence, by n"


def reasons(rows: Iterable[LadderRow]) -> list[str]:
    """Say why each row was skipped or failed."""
    return [f"{row.variant.name}: {row.why_not}" for row in rows if row.why_not]


def seconds(value: float) -> str:
    """Format a time with three or four digits, whatever its magnitude."""
    if value >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 10 else f"{value:.3f}"


def interval(bounds: Interval) -> str:
    """Format an interval of times, as ``18.00..20.00``; a single round has none."""
    if not bounds.confidence:
        return "-"
    return f"{seconds(bounds.low)}..{seconds(bounds.high)}"
