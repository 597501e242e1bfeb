"""Long series drawn with few points: of each bin of time, the lowest and the highest value, and its widest interval."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One value of a series at a time, in seconds since 1970, and the interval that it is in.

    ``run`` names what it must have in common with the reading before it to be joined with it by a line.
    """

    time_s: float
    value: float
    low: float
    high: float
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class Band:
    """The interval of a bin: at its middle, the lowest and the highest end."""

    time_s: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a series that one line is drawn through: its readings, and the band around them."""

    readings: Sequence[Reading]
    bands: Sequence[Band]


def pieces(series: Sequence[Reading], bins: int) -> list[Piece]:
    """Return the series, which is in order of time, in pieces of one run each, of at most ``bins`` bins together.

    A piece always has a bin, so that more runs than bins make more bins.
    """
    if not series:
        return []
    began_s = series[0].time_s
    width_s = (series[-1].time_s - began_s) / bins or 1.0
    found = []
    for _, run in itertools.groupby(series, key=lambda reading: reading.run):
        by_bin = itertools.groupby(run, key=lambda reading: min(int((reading.time_s - began_s) / width_s), bins - 1))
        found.append(_piece(list(readings) for _, readings in by_bin))
    return found


def _piece(bins: Iterable[list[Reading]]) -> Piece:
    readings: list[Reading] = []
    bands = []
    for inside in bins:
        readings += extremes(inside)
        time_s = (inside[0].time_s + inside[-1].time_s) / 2
        lowest, highest = min(each.low for each in inside), max(each.high for each in inside)
        bands.append(Band(time_s=time_s, low=lowest, high=highest))
    return Piece(readings=readings, bands=bands)


def extremes(readings: Sequence[Reading]) -> list[Reading]:
    """Return the lowest and the highest of the readings, in order of time; a single one once."""
    lowest = min(readings, key=lambda reading: reading.value)
    highest = max(readings, key=lambda reading: reading.value)
    if lowest is highest:
        return [lowest]
    return sorted((lowest, highest), key=lambda reading: reading.time_s)
