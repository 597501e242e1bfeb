"""The rounds of a row as they came: a disc each, and a cross for those during which other work ran."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from perf.report.page.frame import PLAIN, SERIES
from perf.report.page.row_view import RoundLine
from perf.report.page.series_plots import ROOM, short
from perf.report.page.svg import BLUE, ORANGE, coordinates, element, grid, path, picture

LARGEST, SMALLEST = 4.0, 1.5  # radius of a disc


def rounds_plot(rounds: Sequence[RoundLine]) -> Markup:
    """Return the seconds of each round in order; a line divides two sessions."""
    times_s = [timed.latency_s for timed in rounds]
    room_s = ROOM * (max(times_s) - min(times_s)) or 0.01 * max(times_s)
    up = SERIES.rising(min(times_s) - room_s, max(times_s) + room_s)
    across = SERIES.across(0, len(rounds))
    radius = max(SMALLEST, min(LARGEST, (SERIES.right - SERIES.left) / len(rounds) / 3))
    discs = [_round(timed, across(at + 0.5), up(timed.latency_s), radius) for at, timed in enumerate(rounds)]
    ends = [at for at in range(1, len(rounds)) if rounds[at - 1].session != rounds[at].session]
    between = grid((((across(at), SERIES.top), (across(at), SERIES.bottom)) for at in ends), PLAIN)
    foot = SERIES.columns([(across(len(rounds) / 2), "rounds, in order")])
    label = f"Seconds of each of {len(rounds)} rounds; {sum(timed.is_disturbed for timed in rounds)} disturbed"
    shown = [*SERIES.rows(up, short), *foot, *([between] if ends else []), *discs]
    return picture(SERIES.width, SERIES.height, *shown, label=label, name="plot")


def _round(timed: RoundLine, x: float, y: float, radius: float) -> Markup:
    if not timed.is_disturbed:
        return element("circle", cx=x, cy=y, r=radius, fill=BLUE)
    side = 2 * radius
    cross = f"M{coordinates([(x - radius, y - radius)])}l{side:g} {side:g}m0-{side:g}l-{side:g} {side:g}"
    return path(cross, stroke=ORANGE, stroke_width=2)
