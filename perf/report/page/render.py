"""The page's text, from Jinja's templates: everything that is not a picture of ours is escaped."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from perf.report.explain import of_peak
from perf.report.ladder_table import ABOUT_SEES, PUBLISHED, seconds, smallest_slowdown
from perf.report.page import cell_plots, roofline_plot, rounds_plot, series_plots
from perf.report.page.row_view import NOT_JUDGED
from perf.report.page.view import Page
from perf.report.seconds_parts import ALL
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.verdict import FAILING, VerdictKind, percent

TEMPLATES = Path(__file__).with_name("templates")
MARKS_SHOWN = 12
TREND_SHOWN = 5  # sentences on the machine, the last ones
# Beside the words, so that no verdict is told by its colour alone.
SYMBOLS = {
    VerdictKind.REGRESSED: "▲",
    VerdictKind.IMPROVED: "▼",
    VerdictKind.UNCHANGED: "=",
    VerdictKind.UNDECIDED: "?",
    VerdictKind.DISTURBED: "≈",
    VerdictKind.INVALID: "✕",
    VerdictKind.NO_BASELINE: "-",
    VerdictKind.KNOWN: "△",
    NOT_JUDGED: "-",
    PairedVerdict.EQUIVALENT: "=",
}
FIGURES = (
    *(cell_plots.forest_scale, cell_plots.forest_axis, cell_plots.forest_cell),
    *(cell_plots.ladder_scale, cell_plots.ladder_cell, cell_plots.legend_mark, cell_plots.fleet_cell),
    *(series_plots.seconds_plot, series_plots.ratio_plot, series_plots.parts_plot),
    *(rounds_plot.rounds_plot, roofline_plot.roofline_plot),
)


def render(page: Page) -> str:
    """Return the page as HTML, which fetches nothing."""
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    template = environment().get_template("page.html")
    return template.render(page=page, style=Markup(style), script=Markup(script), policy=policy(style, script))


def policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy under which this style and this script alone work, and no request is made."""
    return (
        f"default-src 'none'; img-src data:; style-src '{digest(style)}'; script-src '{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """Return what a Content-Security-Policy calls an inline text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def environment() -> Environment:
    """Return Jinja with the page's filters and pictures; a name that a template misspells is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (seconds, percent, smallest_slowdown, of_peak, gib, kernel, is_web)
    made.filters |= {function.__name__: function for function in filters}
    made.globals |= {function.__name__: function for function in FIGURES}
    made.globals |= {
        "about_sees": ABOUT_SEES,
        "failing": FAILING,
        "marks_shown": MARKS_SHOWN,
        "trend_shown": TREND_SHOWN,
        "not_judged": NOT_JUDGED,
        "parts": ALL,
        "published": PUBLISHED,
        "symbols": SYMBOLS,
    }
    return made


def gib(size_bytes: float | None) -> str:
    """Write a size in GiB."""
    return "-" if size_bytes is None else f"{size_bytes / 1024**3:.1f}"


def kernel(counted: tuple[int, float] | None) -> str:
    """Write how often a kernel ran, and for how long in all."""
    return "-" if counted is None else f"{counted[0]} in {counted[1]:.3g} s"


def is_web(address: str) -> bool:
    """Tell whether a link may lead to an address; a record may hold anything, also ``javascript:``."""
    return address.startswith(("http://", "https://"))
