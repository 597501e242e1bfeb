"""``python -m perf report``: recorded runs and the history as one HTML page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from perf.errors import BadInput
from perf.exit_codes import ExitCode
from perf.host.output_file import check_output_file
from perf.host.replaced_file import replace_text

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

SUFFIXES = {".html", ".htm"}


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("report", help="a page of the night, the ladder, each row's history and the fleet")
    add = parser.add_argument
    add("recorded", type=Path, nargs="*", metavar="RUN.json", help="as kept under results/; of any machines and nights")
    add("--history", metavar="URL", help="the database of earlier nights: sqlite:///FILE or postgresql://...")
    add("--output", type=Path, required=True, metavar="FILE.html", help="the page, which needs nothing else")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Write the page, whole or not at all. Raises BadInput, BadRun or BadHistory."""
    from perf.report.page import make_view, render, source  # noqa: PLC0415 - SQLAlchemy and Jinja

    if options.output.suffix not in SUFFIXES:
        raise BadInput(f"--output {options.output}: the name must end in .html")
    if not options.recorded and options.history is None:
        raise BadInput("nothing to report: give runs, RUN.json, or --history URL, or both")
    check_output_file("--output", options.output)
    sources = source.read(options.recorded, options.history)
    if not sources:
        raise BadInput(f"--history {options.history}: no night is in it yet")
    replace_text(options.output, render.render(make_view.make_page(sources)))
    return ExitCode.OK
