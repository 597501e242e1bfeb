"""``python -m perf plot``: a picture of a ladder, of a recorded run or of a baseline."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from perf.exit_codes import ExitCode
from perf.report import ladder_plot, plotted_ladder

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("plot", help="draw the ladder of a recorded run, or of a baseline")
    parser.add_argument("recorded", type=Path, metavar="RUN.json", help="as kept under results/; or a baseline file")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the picture, a .png or .svg file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Draw the ladder. Raises BadRun, or BadInput for another kind of picture."""
    output = ladder_plot.check_output("--output", options.output)
    ladder_plot.draw(output, ladder_plot.prepare(plotted_ladder.read(options.recorded)))
    return ExitCode.OK
