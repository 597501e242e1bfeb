"""Throughput as a table: images per minute of each row, and the latencies of each of its instances."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from perf.measure.ladder_row import LadderRow
from perf.records.sample import Instance
from perf.report.ladder_table import (
    ENERGY,
    about_energy,
    by_setting,
    confidence_range,
    has_energy,
    in_words,
    interval,
    joules,
    name_in_table,
    reasons,
    reference_latency_s,
    seconds,
)
from perf.report.tables import aligned, markdown_table, wrapped
from perf.stats.intervals import Interval, median_interval

# Narrow enough for 80 columns.
HEADINGS = ("variant", "images/min", "interval", "n", "speed-up", "p50", "p90", "p99", "GiB")
PERCENTILES = (50, 90, 99)
INDENT = "  "
MINUTE_S = 60.0


def headings(rows: Iterable[LadderRow]) -> tuple[str, ...]:
    """Return the headings of these rows' table: joules where any row has some."""
    return (*HEADINGS, ENERGY) if has_energy(rows) else HEADINGS


def cells(row: LadderRow, batch: int, reference_s: float | None) -> Iterator[tuple[str, ...]]:
    """Yield the texts of a measured row, joules at the end, and then those of each instance, if it has several."""
    assert row.session is not None
    median_s = statistics.median(row.latencies_s)
    peak = row.session.peak_rss_bytes
    instances = row.session.instances
    yield (
        name_in_table(row.variant),
        per_minute(1 / median_s),
        interval(_inverse(median_interval(row.latencies_s))),
        str(len(row.latencies_s)),
        f"{reference_s / median_s:.2f}x" if reference_s else "-",
        *percentiles([latency_s for each in instances for latency_s in each.latencies_s]),
        f"{peak / 1024**3:.1f}" if peak else "-",
        joules(row),
    )
    if len(instances) > 1:
        yield from (instance_cells(each, batch) for each in instances)


def instance_cells(instance: Instance, batch: int) -> tuple[str, ...]:
    """Return the texts of one instance: its rate while it worked, and its latencies."""
    rate = batch / statistics.fmean(instance.latencies_s)
    own = percentiles(instance.latencies_s)
    return (f"{INDENT}CPUs {instance.cpus}", per_minute(rate), "", str(len(instance.latencies_s)), "", *own, "", "")


def per_minute(rate: float) -> str:
    """Format images per second as images per minute, with three or four digits."""
    return seconds(MINUTE_S * rate)


def percentiles(latencies_s: Sequence[float]) -> tuple[str, ...]:
    """Return the percentiles of latencies, each a latency that was measured: the least that so many do not exceed."""
    return tuple(seconds(float(np.percentile(latencies_s, each, method="inverted_cdf"))) for each in PERCENTILES)


def table_cells(rows: Sequence[LadderRow], batch: int) -> list[tuple[str, ...]]:
    """Return the texts of all lines of the table; in a sweep those of one setting stand below a line with its name."""
    columns, lines = len(headings(rows)), list[tuple[str, ...]]()
    for setting, measured in by_setting(rows).items():
        reference_s = reference_latency_s(measured)
        lines += [(in_words(setting),)] if setting else []
        lines += [line[:columns] for row in measured for line in cells(row, batch, reference_s)]
    return lines


def terminal(rows: Sequence[LadderRow], batch: int, width: int) -> list[str]:
    """Return the table in lines of ``width`` columns, the reasons for missing rows below it."""
    table = aligned(headings(rows), table_cells(rows, batch), width)
    return [*table, *(part for line in (*footnotes(rows, batch), *reasons(rows)) for part in wrapped(line, width))]


def markdown(rows: Sequence[LadderRow], batch: int, title: str, about: Iterable[str]) -> str:
    """Return it as a GitHub table, below ``title`` and the lines that say what was measured on what."""
    table = markdown_table(headings(rows), table_cells(rows, batch))
    below = (f"{line}  " for line in (*footnotes(rows, batch), *reasons(rows)))  # two spaces end a line in Markdown
    lines = [f"## {title}", "", *(f"- {line}" for line in about), "", *table, "", *below]
    return "\n".join(lines).rstrip() + "\n"


def footnotes(rows: Sequence[LadderRow], batch: int) -> list[str]:
    """Say what the columns mean; nothing for a run that measured no row."""
    intervals = [median_interval(row.latencies_s) for row in rows if row.latencies_s]
    if not intervals:
        return []
    call = "an image" if batch == 1 else f"a call of {batch} images"
    return [
        "images/min: of all instances together, median of n windows in which all of them worked.",
        f"interval: of that median, distribution-free, {confidence_range(intervals)}.",
        "speed-up: over eager-fp32, with as many instances. GiB: peak memory of all instances.",
        f"p50, p90, p99: seconds that {call} took an instance, of all calls; n of an instance is that of its calls.",
        *([about_energy(rows)] if has_energy(rows) else []),
        "In verdicts, latency is the time per image of all instances together: a minute over images/min.",
    ]


def _inverse(bounds: Interval) -> Interval:
    """Return bounds of seconds per image as such of images per minute."""
    return Interval(low=MINUTE_S / bounds.high, high=MINUTE_S / bounds.low, confidence=bounds.confidence)
