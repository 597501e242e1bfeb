"""The ladder as a table: for a terminal, and as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

from perf.measure.ladder_row import LadderRow
from perf.report.tables import aligned, markdown_table, wrapped
from perf.spec.ladder import EAGER_FP32, ICE_LAKE, SAPPHIRE_RAPIDS
from perf.spec.variant import Variant
from perf.stats.intervals import Interval, median_interval

# Narrow enough for 80 columns.
HEADINGS = ("variant", "s/image", "interval", "n", "speed-up", "GiB", "ICL", "SPR")
AFTER = 6  # columns, the one of the joules
ENERGY = "J/image"  # a column more, where any row has joules
SEES = "sees"  # another one, where there is room for it
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
        name_in_table(row.variant),
        seconds(median_s),
        interval(median_interval(row.latencies_s)),
        str(len(row.latencies_s)),
        f"{reference_s / median_s:.2f}x" if reference_s else "-",
        f"{peak / 1024**3:.1f}" if peak else "-",
        *(f"{row.variant.published_s[cpu]:g}" if cpu in row.variant.published_s else "-" for cpu in PUBLISHED),
    )


def name_in_table(variant: Variant) -> str:
    """Return a row's name; below its setting in a sweep, that of the row which was swept."""
    return f"{WITHIN_SETTING}{variant.base_name}" if variant.setting else variant.name


def has_energy(rows: Iterable[LadderRow]) -> bool:
    """Tell whether the joules of any row are known."""
    return any(row.session and row.session.energy_j for row in rows)


def headings(rows: Sequence[LadderRow]) -> tuple[str, ...]:
    """Return the headings of these rows' table."""
    return (*HEADINGS[:AFTER], ENERGY, *HEADINGS[AFTER:]) if has_energy(rows) else HEADINGS


def joules(row: LadderRow) -> str:
    """Format the joules of an image, with three digits or more."""
    energy_j = row.session.energy_j if row.session else None
    if energy_j is None:
        return "-"
    return f"{energy_j:.0f}" if energy_j >= 100 else f"{energy_j:.3g}"


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


def measured_cells(rows: Sequence[LadderRow]) -> list[tuple[str, ...]]:
    """Return the texts of each row that was measured, in the order of ``headings``, and of each setting of a sweep."""
    return lines_of(rows, cells_with_energy if has_energy(rows) else cells)


def cells_with_energy(row: LadderRow, reference_s: float | None) -> tuple[str, ...]:
    """Return the texts of a measured row with its joules."""
    texts = cells(row, reference_s)
    return (*texts[:AFTER], joules(row), *texts[AFTER:])


def cells_with_sees(rows: Sequence[LadderRow], sees: Sees) -> list[tuple[str, ...]]:
    """Return the same with the slowdown that each row could have seen."""
    cells_of = cells_with_energy if has_energy(rows) else cells

    def extended(row: LadderRow, reference_s: float | None) -> tuple[str, ...]:
        return (*cells_of(row, reference_s), smallest_slowdown(sees.get(row.variant.name)))

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
    table = aligned(headings(rows), measured_cells(rows), width)
    notes = footnotes(rows)
    if sees:
        extended = aligned((*headings(rows), SEES), cells_with_sees(rows, sees), UNBROKEN)
        if max(map(len, extended)) <= width:
            table = extended
            notes.append(ABOUT_SEES)
    below = [part for line in (*notes, *reasons(rows)) for part in wrapped(line, width)]
    return [*table, *below]


def markdown(rows: Sequence[LadderRow], title: str, about: Iterable[str], sees: Sees = NOTHING_SEEN) -> str:
    """Return the ladder as a GitHub table, below ``title`` and the lines that say what was measured on what."""
    table = markdown_table(headings(rows), measured_cells(rows))
    notes = footnotes(rows)
    if sees:
        table = markdown_table((*headings(rows), SEES), cells_with_sees(rows, sees))
        notes.append(ABOUT_SEES)
    below = (f"{line}  " for line in (*notes, *reasons(rows)))  # two spaces end a line in Markdown
    lines = [f"## {title}", "", *(f"- {line}" for line in about), "", *table, "", *below]
    return "\n".join(lines).rstrip() + "\n"


def footnotes(rows: Sequence[LadderRow]) -> list[str]:
    """Say what the columns mean; nothing for a run that measured no row."""
    intervals = [median_interval(row.latencies_s) for row in rows if row.latencies_s]
    if not intervals:
        return []
    return [
        "s/image: median of n timed generations.",
        f"interval: of that median, distribution-free, {confidence_range(intervals)}.",
        "speed-up: over eager-fp32. GiB: peak memory of one generation.",
        *([about_energy(rows)] if has_energy(rows) else []),
        "ICL, SPR: published, Ice Lake and Sapphire Rapids (SD 1.5, 512x512, 20 steps).",
    ]


def about_energy(rows: Iterable[LadderRow]) -> str:
    """Say what the joules are of: of all packages, and of their memory where the machine counts it."""
    samples = (sample for row in rows if row.session for sample in row.session.samples)
    has_dram = any(sample.energy and sample.energy.dram_j is not None for sample in samples)
    return f"J/image: of all packages{' and their memory' if has_dram else ''}, idle power included (RAPL)."


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
