"""The small pictures in tables' cells: an interval of the forest plot, a bar of the ladder, a bar of the fleet.

Each stands beside its figures, so that screen readers leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from perf.report.page.row_view import Change, LadderLine
from perf.report.page.scale import Scale, ticks
from perf.report.page.svg import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, element, line, path, picture, text
from perf.report.seconds_parts import ALL
from perf.stats.verdict import VerdictKind

WIDTH, HEIGHT = 160, 16
MIDDLE = HEIGHT / 2
MARGIN = 16  # for half of a tick's label
LEAST_CHANGE = 0.05  # that a forest plot shows to either side
MOST_CHANGE = 0.4
ROOM = 1.15
LONGEST_WHISKER = 1.3  # of the longest bar; a longer one would make all bars short
FLEET_WIDTH = 90
LEGEND_SIDE = 10

PART_COLOURS: Mapping[str, str] = dict(zip(ALL, (PURPLE, BLUE, ORANGE, GREEN, GREY), strict=True))
KIND_COLOURS: Mapping[VerdictKind | None, str] = {
    VerdictKind.REGRESSED: RED,
    VerdictKind.INVALID: RED,
    VerdictKind.KNOWN: ORANGE,
    VerdictKind.IMPROVED: GREEN,
    VerdictKind.UNCHANGED: BLUE,
}


def forest_scale(changes: Iterable[Change]) -> Scale:
    """Return the scale that the intervals of a night are drawn with: around 1, as wide as they need, within reason."""
    needed = [max(abs(end - 1) for end in (each.low, each.high, 1 + each.tolerance)) for each in changes]
    reach = min(max([LEAST_CHANGE, *needed]) * ROOM, MOST_CHANGE)
    return Scale(low=1 - reach, high=1 + reach, start=MARGIN, end=WIDTH - MARGIN)


def forest_axis(scale: Scale) -> Markup:
    """Return the axis above the intervals, in percent."""
    shown = []
    for value in ticks(100 * (scale.low - 1), 100 * (scale.high - 1), 4):
        words = "0" if not value else f"{value:+g} %"
        shown.append(text(words, scale(1 + value / 100), HEIGHT - 4, anchor="middle"))
    return picture(WIDTH, HEIGHT, *shown, name="cell")


def forest_cell(change: Change, kind: VerdictKind | None, scale: Scale) -> Markup:
    """Return a row's interval: what is tolerated is shaded, and an end beyond the scale is an arrow."""
    colour = KIND_COLOURS.get(kind, GREY)
    left, right = scale(1.0), scale(1 + change.tolerance)
    tolerated = element("rect", x=left, y=0, width=right - left, height=HEIGHT, fill=INK, fill_opacity=".1")
    nothing = line((left, 0), (left, HEIGHT), stroke_opacity=".5")
    low, high = scale(change.low), scale(change.high)
    interval = line((low, MIDDLE), (high, MIDDLE), stroke=colour, stroke_width=3)
    ends = [_end(change.low, low, -1, colour, scale), _end(change.high, high, 1, colour, scale)]
    middle = element("circle", cx=scale(change.ratio), cy=MIDDLE, r=4, fill=colour)
    return picture(WIDTH, HEIGHT, tolerated, nothing, interval, *ends, middle, name="cell")


def _end(value: float, place: float, direction: int, colour: str, scale: Scale) -> Markup:
    if scale.holds(value):
        return line((place, MIDDLE - 4), (place, MIDDLE + 4), stroke=colour, stroke_width=2)
    tip, base = place + 8 * direction, place
    return path(f"M{tip:g} {MIDDLE:g}L{base:g} {MIDDLE - 6:g}V{MIDDLE + 6:g}z", fill=colour)


def ladder_scale(lines: Sequence[LadderLine]) -> Scale:
    """Return the scale that the bars of a ladder are drawn with, from zero."""
    longest_s = max(row.latency_s for row in lines)
    high_s = max(min(row.high_s, LONGEST_WHISKER * longest_s) for row in lines)
    return Scale(low=0.0, high=high_s, start=0.0, end=WIDTH - 4.0)


def ladder_cell(row: LadderLine, scale: Scale) -> Markup:
    """Return a row's bar, its parts one after the other, with the interval of the whole as a whisker."""
    bars, began_s = [], 0.0
    for part, part_s in row.seconds.items():
        start, end = scale(began_s), scale(began_s + part_s)
        if end - start >= 0.05:
            bars.append(element("rect", x=start, y=2, width=end - start, height=12, fill=PART_COLOURS[part]))
        began_s += part_s
    low, high = scale(row.low_s), scale(row.high_s)
    steps = f"M{low:.1f} 5v6m0-3H{high:.1f}m0-3v6"
    return picture(WIDTH, HEIGHT, *bars, path(steps, stroke=INK, stroke_width="1.5"), name="cell")


def legend_mark(part: str) -> Markup:
    """Return the square of a part's colour."""
    square = element("rect", width=LEGEND_SIDE, height=LEGEND_SIDE, fill=PART_COLOURS[part])
    return picture(LEGEND_SIDE, LEGEND_SIDE, square)


def fleet_cell(latency_s: float, longest_s: float, kind: VerdictKind | None) -> Markup:
    """Return a bar of one machine, beside the longest of the same row on any."""
    width = FLEET_WIDTH * latency_s / longest_s
    bar = element("rect", width=width, height=8, fill=KIND_COLOURS.get(kind, GREY))
    return picture(FLEET_WIDTH, 8, bar, name="bar")
