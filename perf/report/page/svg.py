"""SVG for the page: elements with presentation attributes, which no Content-Security-Policy forbids.

Text and axes have the colour of the text around the picture, so that they can be read on any background; all other
colours have a contrast of at least 3 with white and with the dark background.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Point = tuple[float, float]

BLUE, ORANGE, GREEN, PURPLE, RED, GREY = "#2b7fc4", "#c46f0a", "#1f9068", "#9a68c0", "#d23f3f", "#7f858c"
INK = "currentColor"
FONT = "system-ui, sans-serif"
FONT_SIZE = 11


def number(value: float) -> str:
    """Return a coordinate to a tenth, as short as SVG allows: ``.5``, ``-3``."""
    written = f"{value:.1f}".removesuffix(".0")
    if written in {"-0", "0"}:
        return "0"
    return written.replace("0.", ".", 1) if written.startswith(("0.", "-0.")) else written


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Return an element; children and attributes are escaped unless they are Markup.

    In the names of attributes, ``_`` stands for ``-``; attributes that are None are left out.
    """
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    texts = ((key, number(value) if isinstance(value, float) else value) for key, value in pairs)
    written = Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in texts)
    inside = Markup("").join(children)
    if not inside:
        return Markup("<{}{}/>").format(Markup(name), written)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inside)


def picture(width: int, height: int, *children: str, label: str | None = None, name: str | None = None) -> Markup:
    """Return a picture, which is described by its label; one without is left out by screen readers."""
    described = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    has_text = any("<text" in child for child in children)
    lettering = {"font_family": FONT, "font_size": FONT_SIZE, "fill": INK} if has_text else {}
    return element(
        "svg",
        *children,
        class_=name,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        **(described | lettering),
    )


def text(words: str, x: float, y: float, *, anchor: str | None = None) -> Markup:
    """Return a line of text; ``anchor`` is ``middle`` or ``end`` where it does not start at ``x``."""
    return element("text", escape(words), x=x, y=y, text_anchor=anchor)


def line(start: Point, end: Point, *, stroke: str = INK, **attributes: object) -> Markup:
    """Return a straight line."""
    return element("path", d=f"M{coordinates([start])}L{coordinates([end])}", stroke=stroke, **attributes)


def grid(lines: Iterable[tuple[Point, Point]], opacity: str) -> Markup:
    """Return faint lines as one path."""
    steps = "".join(f"M{coordinates([start])}L{coordinates([end])}" for start, end in lines)
    return path(steps, stroke=INK, stroke_opacity=opacity)


def path(steps: str, *, fill: str = "none", **attributes: object) -> Markup:
    """Return a path of these steps."""
    return element("path", d=steps, fill=fill, **attributes)


def coordinates(points: Iterable[Point]) -> str:
    """Return points as a path has them, without a blank where a sign divides as well."""
    return " ".join(f"{number(x)} {number(y)}" for x, y in points).replace(" -", "-")


def through(points: Sequence[Point]) -> str:
    """Return the steps through points, each relative to the one before and whole to the right, which is shorter."""
    places = [(round(x), round(10 * y)) for x, y in points]
    steps = [(x - was_x, (y - was_y) / 10) for (was_x, was_y), (x, y) in itertools.pairwise(places)]
    start = coordinates([(places[0][0], places[0][1] / 10)])
    return f"M{start}l{coordinates(steps)}" if steps else f"M{start}h.1"


def around(upper: Sequence[Point], lower: Sequence[Point]) -> str:
    """Return the steps around the area between two lines, both from left to right."""
    return f"{through([*upper, *reversed(lower)])}z"


def titled(shape: Markup, words: str) -> Markup:
    """Return a shape that says these words where the pointer rests on it."""
    return element("g", element("title", escape(words)), shape)
