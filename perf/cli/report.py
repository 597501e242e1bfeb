"""``python -m perf report``: recorded runs and the history as one HTML page, and as a feed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from perf.errors import BadInput
from perf.exit_codes import ExitCode
from perf.host.output_file import check_output_file

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "report", help="a page of the night, the ladder, each row's history and the fleet; a feed"
    )
    add = parser.add_argument
    add("recorded", type=Path, nargs="*", metavar="RUN.json", help="as kept under results/; of any machines and nights")
    add("--history", metavar="URL", help="the database of earlier nights: sqlite:///FILE or postgresql://...")
    add("--output", type=Path, required=True, metavar="FILE.html", help="the page, which needs nothing else")
    add(
        "--feed", type=Path, metavar="FILE.xml", help="the newest nights as an Atom feed as well, a line per row to see"
    )
    add("--address", metavar="URL", help="of the page where it is published, with the feed beside it; for the feed")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Write the page, and the feed, each whole or not at all. Raises BadInput, BadRun or BadHistory."""
    from perf.report.feed import check_feed, write_feed  # noqa: PLC0415 - heavy: SQLAlchemy
    from perf.report.page.writing import check_name, write_page  # noqa: PLC0415 - heavy: SQLAlchemy, Jinja

    check_name("--output", options.output)
    if not options.recorded and options.history is None:
        raise BadInput("nothing to report: give runs, RUN.json, or --history URL, or both")
    if options.address and not options.feed:
        raise BadInput("--address is of use with --feed FILE.xml alone")
    if options.feed:
        check_feed(options.feed, options.address)
        check_output_file("--feed", options.feed)
    check_output_file("--output", options.output)
    write_page(options.output, options.recorded, options.history)
    if options.feed:
        write_feed(options.feed, options.recorded, options.history, options.address)
    return ExitCode.OK
