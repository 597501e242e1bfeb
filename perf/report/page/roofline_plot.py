"""The roofline: what each part of each row computed per second, below what the machine can with its work."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from perf.records.part import Part
from perf.report.page.frame import ROOFLINE
from perf.report.page.scale import Scale, powers_of_ten
from perf.report.page.svg import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    coordinates,
    element,
    path,
    picture,
    text,
    titled,
)
from perf.report.page.view import Below, Limit, Roofline

ROOM = 2.0  # a factor, on all sides
COLOURS: Mapping[str, str] = {
    Part.TEXT_ENCODER: PURPLE,
    Part.UNET_STEP: BLUE,
    Part.VAE_DECODE: ORANGE,
    Part.SAFETY_CHECKER: GREEN,
}
PRECISIONS = {"f32": "fp32", "bf16": "bf16", "f16": "fp16", "i8": "int8"}


def roofline_plot(roofline: Roofline) -> Markup:
    """Return the picture: operations per byte of weights to the right, operations per second upwards, both as logs."""
    limit, reached = roofline.limit, roofline.reached
    across, up = _scales(roofline)
    shown = [*_axes(across, up), *_roofs(limit, across, up)]
    shown += [_place(below, across, up) for below in reached]
    best = max(reached, key=lambda below: below.share)
    label = (
        f"Roofline: {len(reached)} parts of rows below the machine's limits; nearest to them "
        f"{best.part} of {best.row}, at {best.share:.0%}"
    )
    return picture(ROOFLINE.width, ROOFLINE.height, *shown, label=label, name="plot")


def _scales(roofline: Roofline) -> tuple[Scale, Scale]:
    limit, reached = roofline.limit, roofline.reached
    ridges = [flop_per_s / limit.memory_bytes_per_s for flop_per_s in limit.flop_per_s.values()]
    per_byte = [*(below.flop_per_byte for below in reached), *ridges]
    speeds = [*(below.flop_per_s for below in reached), *limit.flop_per_s.values()]
    across = ROOFLINE.across(min(per_byte) / ROOM, max(per_byte) * ROOM, is_log=True)
    return across, ROOFLINE.rising(min(speeds) / ROOM, max(speeds) * ROOM, is_log=True)


def _axes(across: Scale, up: Scale) -> list[Markup]:
    middle = (ROOFLINE.left + ROOFLINE.right) / 2
    return [
        *ROOFLINE.rows(up, lambda flop_per_s: f"{flop_per_s / 1e9:g}", powers_of_ten(up.low, up.high)),
        *ROOFLINE.columns((across(value), f"{value:g}") for value in powers_of_ten(across.low, across.high)),
        text("GFLOP/s", 4, ROOFLINE.top - 6),
        text("operations per byte of weights", middle, ROOFLINE.bottom + 36, anchor="middle"),
    ]


def _roofs(limit: Limit, across: Scale, up: Scale) -> list[Markup]:
    """Return the limits: the memory's, which rises with the operations per byte, and the peak of each precision."""
    shown, bytes_per_s = [], limit.memory_bytes_per_s
    for precision, flop_per_s in limit.flop_per_s.items():
        ridge = max(flop_per_s / bytes_per_s, across.low)
        foot = max(across.low, up.low / bytes_per_s)
        corners = [(foot, foot * bytes_per_s), (ridge, flop_per_s), (across.high, flop_per_s)]
        steps = "L".join(coordinates([(across(per_byte), up(speed))]) for per_byte, speed in corners)
        shown.append(path(f"M{steps}", stroke=INK, stroke_width="1.5"))
        words = f"{PRECISIONS.get(precision, precision)}, {flop_per_s / 1e9:.0f}"
        shown.append(text(words, ROOFLINE.right + 4, up(flop_per_s) + 4))
    return shown


def _place(below: Below, across: Scale, up: Scale) -> Markup:
    """Return the place of a part: a disc for float32, a square for a type of 16 bits, a diamond for one of 8."""
    x, y, colour = across(below.flop_per_byte), up(below.flop_per_s), COLOURS.get(below.part, GREY)
    look = {"fill": colour, "fill_opacity": ".75"}
    if below.precision in ("bf16", "f16"):
        shape = element("rect", x=x - 4, y=y - 4, width=8, height=8, **look)
    elif below.precision == "i8":
        shape = path(f"M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5-5.5z", **look)
    else:
        shape = element("circle", cx=x, cy=y, r=4.5, **look)
    return titled(
        shape, f"{below.row}, {below.part}: {below.flop_per_s / 1e9:.3g} GFLOP/s, {below.share:.0%} of the peak"
    )
