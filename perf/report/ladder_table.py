"""The ladder as a table: for a terminal, and as Markdown."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence

from perf.measure.run import LadderRow
from perf.report.tables import aligned
from perf.spec.ladder import EAGER_FP32, ICE_LAKE, SAPPHIRE_RAPIDS
from perf.stats.intervals import Interval, median_interval

# Narrow enough for 80 columns.
HEADINGS = ("variant", "s/image", "interval", "n", "speed-up", "GiB", "ICL", "SPR")
PUBLISHED = (ICE_LAKE, SAPPHIRE_RAPIDS)


def cells(row: LadderRow, reference_s: float | None) -> tuple[str, ...]:
    """The texts of a measured row, in the order of HEADINGS. ``reference_s`` is eager fp32's median in this run."""
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


def reference_latency_s(rows: Sequence[LadderRow]) -> float | None:
    """Median of the row that speed-ups refer to, or None if this run did not measure it."""
    return next((statistics.median(row.latencies_s) for row in rows if _is_reference(row)), None)


def terminal(rows: Sequence[LadderRow], width: int) -> str:
    """The ladder for a terminal of ``width`` columns; reasons for missing rows below it."""
    reference_s = reference_latency_s(rows)
    table = aligned(HEADINGS, [cells(row, reference_s) for row in rows if row.latencies_s], width)
    below = [part for line in (*footnotes(rows), *reasons(rows)) for part in textwrap.wrap(line, width)]
    return "\n".join([*table, *below])


def markdown(rows: Sequence[LadderRow], title: str, about: Sequence[str]) -> str:
    """The ladder as a GitHub table, under ``title`` and the lines that say what was measured on what."""
    reference_s = reference_latency_s(rows)
    table = [HEADINGS, ("---", *["---:"] * (len(HEADINGS) - 1))]
    table += [cells(row, reference_s) for row in rows if row.latencies_s]
    lines = [f"## {title}", "", *(f"- {line}" for line in about), ""]
    lines += [f"| {' | '.join(line)} |" for line in table]
    lines += ["", *(f"{line}  " for line in (*footnotes(rows), *reasons(rows)))]
    return "\n".join(lines).rstrip() + "\n"


def footnotes(rows: Sequence[LadderRow]) -> list[str]:
    """What the columns mean, as far as this run has them."""
    confidences = sorted({median_interval(row.latencies_s).confidence for row in rows if row.latencies_s})
    if not confidences:
        return []
    lowest, highest = (f"{100 * value:.0f}" for value in (confidences[0], confidences[-1]))
    held = f"{lowest} %" if lowest == highest else f"{lowest} to {highest} %, by the number of rounds"
    return [
        f"s/image: median of n rounds; interval: of the median, distribution-free, confidence {held}.",
        "GiB: peak memory of a generation. ICL, SPR: the article's seconds on Ice Lake and Sapphire Rapids, "
        "512x512, 20 steps.",
    ]


def reasons(rows: Sequence[LadderRow]) -> list[str]:
    return [f"{row.variant.name}: {row.why_not}" for row in rows if row.why_not]


def seconds(value: float) -> str:
    """Three or four digits, whatever the magnitude."""
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 10 else f"{value:.3f}"


def interval(found: Interval) -> str:
    return f"{seconds(found.low)}..{seconds(found.high)}"


def _is_reference(row: LadderRow) -> bool:
    return row.variant.name == EAGER_FP32 and bool(row.latencies_s)
