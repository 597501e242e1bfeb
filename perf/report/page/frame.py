"""The frame of a plot: where it lies in its picture, its grid, and the labels on its axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

from perf.report.page.scale import Scale, ticks
from perf.report.page.svg import Point, grid, text

FAINT, PLAIN = ".18", ".6"
MOST_TICKS = 4
HALF_LABEL = 29  # of a month and a year


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame in pixels: its picture, and its edges within it."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    def rising(self, low: float, high: float, *, is_log: bool = False) -> Scale:
        """Return the vertical scale for these values."""
        return Scale(low=low, high=high, start=self.bottom, end=self.top, is_log=is_log)

    def across(self, low: float, high: float, *, is_log: bool = False) -> Scale:
        """Return the horizontal scale for these values."""
        return Scale(low=low, high=high, start=self.left, end=self.right, is_log=is_log)

    def rows(self, up: Scale, write: Callable[[float], str], values: Iterable[float] | None = None) -> list[Markup]:
        """Return a faint line for each tick of the vertical axis, or for each of these values, with its label."""
        shown = list(ticks(up.low, up.high, MOST_TICKS) if values is None else values)
        lines = grid((((self.left, up(value)), (self.right, up(value))) for value in shown), FAINT)
        return [lines, *(text(write(value), self.left - 5, up(value) + 4, anchor="end") for value in shown)]

    def columns(self, labels: Iterable[tuple[float, str]]) -> list[Markup]:
        """Return the horizontal axis, with a tick and a label at each place."""
        places = list(labels)
        ends: list[tuple[Point, Point]] = [((x, self.bottom), (x, self.bottom + 4)) for x, _ in places]
        base = ((self.left, self.bottom), (self.right, self.bottom))
        words = (text(label, min(x, self.width - HALF_LABEL), self.bottom + 17, anchor="middle") for x, label in places)
        return [grid([base, *ends], PLAIN), *words]


SERIES = Frame(width=360, height=170, left=46, right=350, top=16, bottom=148)
ROOFLINE = Frame(width=360, height=260, left=46, right=290, top=18, bottom=214)
