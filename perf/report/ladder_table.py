"""The ladder as a table: for a terminal, and as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from perf.measure.ladder_row import LadderRow
from perf.report.tables import aligned, markdown_table, wrapped
from perf.spec.ladder import EAGER_FP32, ICE_LAKE, SAPPHIRE_RAPIDS
from perf.stats.intervals import Interval, median_interval

# Narrow enough for 80 columns.
HEADINGS = ("variant", "s/image", "interval", "n", "speed-up", "GiB", "ICL", "SPR")
PUBLISHED = (ICE_LAKE, SAPPHIRE_RAPIDS)


def cells(row: LadderRow, reference_s: float | None) -> tuple[str, ...]:
    """Return the texts of a measured row, in the order of HEADINGS; ``reference_s`` is eager fp32's median latency."""
    assert row.session is not None
    median_s = statistics.median(row.latencies_s)
    peak = row.session.peak_rss_bytes
    return (
        row.variant.name,
        seconds(median_s),
        interval(median_interval(row.latencies_s)),
        str(len(row.latencies_s)),
        f"{reference_s / median_s:.2f}x" if reference_s else "-",
        f"{peak / 1024**3:.1f}" if peak else "-",
        *(f"{row.variant.published_s[cpu]:g}" if cpu in row.variant.published_s else "-" for cpu in PUBLISHED),
    )


def measured_cells(rows: Iterable[LadderRow]) -> list[tuple[str, ...]]:
    """Return the texts of each row that was measured."""
    measured = [row for row in rows if row.latencies_s]
    reference_s = reference_latency_s(measured)
    return [cells(row, reference_s) for row in measured]


def reference_latency_s(measured: Iterable[LadderRow]) -> float | None:
    """Return the median of the row that speed-ups refer to, or None if this run did not measure it."""
    for row in measured:
        if row.variant.name == EAGER_FP32:
            return statistics.median(row.latencies_s)
    return None


def terminal(rows: Sequence[LadderRow], width: int) -> list[str]:
    """Return the ladder in lines of ``width`` columns, the reasons for missing rows below it."""
    table = aligned(HEADINGS, measured_cells(rows), width)
    below = [part for line in (*footnotes(rows), *reasons(rows)) for part in wrapped(line, width)]
    return [*table, *below]


def markdown(rows: Sequence[LadderRow], title: str, about: Iterable[str]) -> str:
    """Return the ladder as a GitHub table, below ``title`` and the lines that say what was measured on what."""
    table = markdown_table(HEADINGS, measured_cells(rows))
    below = (f"{line}  " for line in (*footnotes(rows), *reasons(rows)))  # two spaces end a line in Markdown
    lines = [f"## {title}", "", *(f"- {line}" for line in about), "", *table, "", *below]
    return "\n".join(lines).rstrip() + "\n"


def footnotes(rows: Iterable[LadderRow]) -> list[str]:
    """Say what the columns mean; nothing for a run that measured no row."""
    confidences = [median_interval(row.latencies_s).confidence for row in rows if row.latencies_s]
    if not confidences:
        return []
    return [
        "s/image: median of n timed generations.",
        f"interval: of that median, distribution-free, {confidence_range(min(confidences), max(confidences))}.",
        "speed-up: over eager-fp32. GiB: peak memory of one generation.",
        "ICL, SPR: published seconds, Ice Lake and Sapphire Rapids (512x512, 20 steps).",
    ]


def confidence_range(lowest: float, highest: float) -> str:
    """Return one confidence, or both ends where rows have different numbers of rounds."""
    if f"{lowest:.0%}" == f"{highest:.0%}":
        return f"{lowest:.0%} confidence"
    return f"{lowest:.0%} to {highest:.0%} confidence, by n"


def reasons(rows: Iterable[LadderRow]) -> list[str]:
    """Say why each row was skipped or failed."""
    return [f"{row.variant.name}: {row.why_not}" for row in rows if row.why_not]


def seconds(value: float) -> str:
    """Format a time with three or four digits, whatever its magnitude."""
    if value >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 10 else f"{value:.3f}"


def interval(bounds: Interval) -> str:
    """Format an interval of times, as ``18.00..20.00``."""
    return f"{seconds(bounds.low)}..{seconds(bounds.high)}"
