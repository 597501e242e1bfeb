"""The points of a history as series: one for each row and quantity, and one for all rows of a machine together.

What all rows of a machine share on a night is the machine's. It is read from the seconds that the rows would have taken
with the software of their first night: what upgrades have changed, as ratios to anchors tell, is taken out before.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perf.history.points import Point
from perf.history.upgrades import SoftwareRatios
from perf.stats.watch import LATENCY, LOAD_TIME, PEAK_MEMORY

Floats = NDArray[np.float64]
RowKey = tuple[str, str]  # setting and name: the same name in two settings is two rows

# Of the interval of a median, which has about this confidence where there are rounds enough.
REACH_OF_INTERVAL = statistics.NormalDist().inv_cdf(0.975)
FEWEST_ROWS = 3  # measured on a night, to tell what they share
PASSES = 20  # of the polish; each halves what is left to be moved between rows and nights
EFFICIENCY_OF_MEDIAN = 2 / math.pi


@dataclass(frozen=True)
class NightSeries:
    """Log levels, one for each of some nights, the earliest first, and what is known of their variances."""

    values: Floats
    variances: Floats


def in_time(point: Point) -> tuple[str, str]:
    """Return what nights are sorted by; two may have begun in the same second, on two hosts."""
    return point.began, point.night


def rows_of(points: Iterable[Point]) -> dict[RowKey, list[Point]]:
    """Return the points of each row of each setting, in order of time, one a night."""
    rows: dict[RowKey, dict[str, Point]] = defaultdict(dict)
    for point in sorted(points, key=in_time):
        rows[point.setting, point.name].setdefault(point.night, point)
    return {key: list(nights.values()) for key, nights in rows.items()}


def quantities_of(points: Sequence[Point]) -> dict[str, NightSeries]:
    """Return the series of a row's quantities, by the names of perf.stats.watch, each with a value for every point."""
    series = {LATENCY.name: NightSeries(log_levels(points), np.array([_variance(point) for point in points]))}
    unknown = np.zeros(len(points))
    calm = [point.parts_s if point.level_s else {} for point in points]
    for part in dict.fromkeys(part for parts_s in calm for part in parts_s):
        series[part] = NightSeries(_logs(parts_s.get(part) for parts_s in calm), unknown)
    series[LOAD_TIME.name] = NightSeries(_logs(point.load_s for point in points), unknown)
    series[PEAK_MEMORY.name] = NightSeries(_logs(point.peak_rss_bytes for point in points), unknown)
    return {name: each for name, each in series.items() if np.isfinite(each.values).any()}


def _logs(values: Iterable[float | None]) -> Floats:
    """Return the logs of positive numbers, and NaN for everything else."""
    return np.array([math.log(value) if value and 0 < value < math.inf else math.nan for value in values])


def log_levels(points: Iterable[Point]) -> Floats:
    """Return the log seconds per image of each night's calm rounds; NaN of a night without."""
    return _logs(point.level_s[0] if point.level_s else None for point in points)


def _variance(point: Point) -> float:
    """Return the variance of a log level, from its interval; 0 where that says nothing."""
    _, low_s, high_s = point.level_s or (0.0, 0.0, 0.0)
    if not 0 < low_s <= high_s < math.inf:
        return 0.0
    return (math.log(high_s / low_s) / (2 * REACH_OF_INTERVAL)) ** 2


def without_upgrades(points: Sequence[Point], ratios: SoftwareRatios) -> Floats:
    """Return a row's log levels less what upgrades have changed since its first night, as far as ratios tell."""
    logs = log_levels(points)
    upgraded = 0.0
    for number, point in enumerate(points):
        change = ratios.between(points[number - 1].stack, point.stack) if number else None
        upgraded += change.value if change else 0.0
        logs[number] -= upgraded
    return logs


def shared_level(rows: Mapping[RowKey, Mapping[str, float]], nights: Sequence[str]) -> NightSeries:
    """Return what the rows share on each night, on a log scale; NaN where fewer than FEWEST_ROWS were measured.

    A median polish: each value is its row's level, its night's, and noise, and a row that moves by itself has no say
    (Tukey, Exploratory Data Analysis, chapter 11).

    Args:
        rows: the log latencies of each row, by night.
        nights: all nights in order of time.
    """
    table = np.array([[values.get(night, math.nan) for night in nights] for values in rows.values()])
    table = table.reshape(len(rows), len(nights))
    counts = np.isfinite(table).sum(axis=0)
    table[:, counts < FEWEST_ROWS] = math.nan
    kept = np.isfinite(table).any(axis=1)
    shared, variances = np.full(len(nights), math.nan), np.zeros(len(nights))
    if kept.any():
        used = counts >= FEWEST_ROWS
        shared[used], residuals = _polished(table[np.ix_(kept, used)])
        spread = float(np.nanmedian(residuals**2))
        variances[used] = spread / EFFICIENCY_OF_MEDIAN / counts[used]
    return NightSeries(shared, variances)


def _polished(table: Floats) -> tuple[Floats, Floats]:
    """Return the level of each column of a table, and what is left of it without those of columns and rows."""
    shared, left = np.zeros(table.shape[1]), table.copy()
    for _ in range(PASSES):
        left -= np.nanmedian(left, axis=1, keepdims=True)
        of_columns = np.nanmedian(left, axis=0)
        left -= of_columns
        shared += of_columns
    return shared, left
