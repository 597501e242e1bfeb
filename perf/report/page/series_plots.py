"""A row over time: its seconds and its ratio to the anchor with their intervals, and its parts one upon the other."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from perf.report.ladder_table import seconds
from perf.report.page.cell_plots import PART_COLOURS
from perf.report.page.frame import MOST_TICKS, PLAIN, SERIES
from perf.report.page.marks import Mark, MarkKind
from perf.report.page.row_details import time_s
from perf.report.page.row_view import PartsAt, RowHistory
from perf.report.page.scale import DAY_S, Scale, time_ticks
from perf.report.page.svg import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    around,
    element,
    grid,
    line,
    path,
    picture,
    text,
    through,
)
from perf.report.page.thinning import Piece
from perf.report.seconds_parts import ALL
from perf.stats.verdict import percent

OUTLYING = 0.1  # of the ends of intervals may be beyond the frame, and are drawn at its edge
ROOM = 0.12  # of the range, above and below
MOST_DOTS = 30
LABEL_ROOM = 30  # pixels between the labels of two marks
MARK_COLOURS: Mapping[MarkKind, str] = {
    MarkKind.PACKAGES: ORANGE,
    MarkKind.ANCHOR: GREEN,
    MarkKind.CHANGE: RED,
}


def seconds_plot(history: RowHistory, marks: Sequence[Mark]) -> Markup:
    """Return the seconds per image over time."""
    across, up = _across(history), upward(history.seconds)
    values = [reading.value for piece in history.seconds for reading in piece.readings]
    label = f"Seconds per image over {history.nights} nights: {_range(values, seconds)}"
    shown = [*SERIES.rows(up, short), *_dates(across), *_marks(marks, across)]
    return _picture([*shown, *_lines(history.seconds, across, up, BLUE)], label)


def ratio_plot(history: RowHistory, marks: Sequence[Mark]) -> Markup:
    """Return the ratio to the anchor over time, a line for each anchor."""
    across, up = _across(history), upward(history.ratios, 1.0)
    values = [reading.value for piece in history.ratios for reading in piece.readings]
    label = f"Change since the anchor over {history.nights} nights: {_range(values, percent)}"
    same = grid([((SERIES.left, up(1.0)), (SERIES.right, up(1.0)))], PLAIN)
    shown = [*SERIES.rows(up, in_percent), *_dates(across), same, *_marks(marks, across)]
    return _picture([*shown, *_lines(history.ratios, across, up, PURPLE)], label)


def parts_plot(history: RowHistory, marks: Sequence[Mark]) -> Markup:
    """Return the parts of an image's seconds over time, one upon the other."""
    across = _across(history)
    up = SERIES.rising(0.0, max(sum(each.seconds) for each in history.parts) * (1 + ROOM))
    last = dict(zip(ALL, history.parts[-1].seconds, strict=True))
    label = "Seconds per image by part; last " + ", ".join(f"{part} {seconds(last_s)}" for part, last_s in last.items())
    shown = [*SERIES.rows(up, short), *_stacked(history.parts, across, up), *_dates(across), *_marks(marks, across)]
    return _picture(shown, label)


def _lines(pieces: Sequence[Piece], across: Scale, up: Scale, colour: str) -> list[Markup]:
    """Return each piece as a line, with its band behind it; few readings are dots as well."""
    shown = []
    has_dots = sum(len(piece.readings) for piece in pieces) <= MOST_DOTS
    for piece in pieces:
        upper = [(across(band.time_s), up(band.high)) for band in piece.bands]
        lower = [(across(band.time_s), up(band.low)) for band in piece.bands]
        middle = [(across(each.time_s), up(each.value)) for each in piece.readings]
        shown.append(path(around(upper, lower), fill=colour, fill_opacity=".3"))
        shown.append(path(through(middle), stroke=colour, stroke_width="1.5", stroke_linecap="round"))
        if has_dots:
            shown += [element("circle", cx=x, cy=y, r=2.5, fill=colour) for x, y in middle]
    return shown


def _stacked(parts: Sequence[PartsAt], across: Scale, up: Scale) -> list[Markup]:
    """Return an area for each part from its upper end to the axis, the uppermost first: the next ones cover it."""
    shown = []
    for count in range(len(ALL), 0, -1):
        if any(each.seconds[count - 1] for each in parts):
            upper = [(across(each.time_s), up(sum(each.seconds[:count]))) for each in parts]
            steps = f"{through(upper)}V{SERIES.bottom}H{upper[0][0]:.0f}z"
            shown.append(path(steps, fill=PART_COLOURS[ALL[count - 1]]))
    return shown


def _marks(marks: Sequence[Mark], across: Scale) -> list[Markup]:
    """Return the marks as lines from top to bottom, with their numbers above; those side by side share a label."""
    shown = []
    labels: list[tuple[float, list[int]]] = []
    for number, mark in enumerate(marks, start=1):
        x, colour = across(time_s(mark.began)), MARK_COLOURS[mark.kind]
        shown.append(line((x, SERIES.top), (x, SERIES.bottom), stroke=colour, stroke_dasharray="3 2"))
        if labels and x < labels[-1][0] + LABEL_ROOM:
            labels[-1][1].append(number)
        else:
            labels.append((x, [number]))
    ranges = ((x, "-".join(map(str, sorted({numbers[0], numbers[-1]})))) for x, numbers in labels)
    return [*shown, *(text(words, x, SERIES.top - 4, anchor="middle") for x, words in ranges)]


def _across(history: RowHistory) -> Scale:
    """Return the scale of time, of whole days, so that few days have their labels and no night is at the edge."""
    return SERIES.across(history.began_s // DAY_S * DAY_S, -(-history.ended_s // DAY_S) * DAY_S)


def _dates(across: Scale) -> list[Markup]:
    return SERIES.columns((across(when_s), words) for when_s, words in time_ticks(across.low, across.high, MOST_TICKS))


def _picture(shown: Sequence[Markup], label: str) -> Markup:
    return picture(SERIES.width, SERIES.height, *shown, label=label, name="plot")


def upward(pieces: Sequence[Piece], *also: float) -> Scale:
    """Return the vertical scale that holds the values, and most of their intervals."""
    values = [*also, *(reading.value for piece in pieces for reading in piece.readings)]
    bands = [band for piece in pieces for band in piece.bands]
    aside = int(OUTLYING * len(bands))
    low = min(*values, sorted(band.low for band in bands)[aside])
    high = max(*values, sorted(band.high for band in bands)[-1 - aside])
    room = ROOM * (high - low) or 0.01 * high
    return SERIES.rising(low - room, high + room)


def short(value: float) -> str:
    """Write a tick of seconds."""
    return f"{value:.4g}"


def in_percent(ratio: float) -> str:
    """Write a tick of a ratio: 1.02 as ``+2 %``."""
    change = round(100 * (ratio - 1), 9)
    return f"{change:+.3g} %" if change else "0 %"


def _range(values: Sequence[float], write: Callable[[float], str]) -> str:
    middle = statistics.median(values)
    return f"between {write(min(values))} and {write(max(values))}, mostly {write(middle)}, last {write(values[-1])}"
