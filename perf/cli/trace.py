"""``python -m perf trace``: a row of a recorded run as a trace for Perfetto or Chrome."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from perf.errors import UnknownName
from perf.exit_codes import ExitCode
from perf.history import recorded_run
from perf.host.replaced_file import replace_text
from perf.report.trace import trace

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("trace", help="a row of a recorded run as a trace, for ui.perfetto.dev or Chrome")
    parser.add_argument("recorded", type=Path, metavar="RUN.json", help="as kept under results/")
    parser.add_argument("--row", required=True, metavar="NAME", help="the row to draw")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the trace (NAME.trace.json in this folder)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Write the trace. Raises BadRun, or UnknownName for a row that the run has not."""
    rows = {row.name: row for row in recorded_run.read(options.recorded).evidenced_rows}
    if options.row not in rows:
        raise UnknownName(f"row of {options.recorded}", options.row, rows)
    output: Path = options.output or Path(f"{options.row}.trace.json")
    replace_text(output, json.dumps(trace(rows[options.row])))
    print(f"{output}: open it in https://ui.perfetto.dev or chrome://tracing")
    return ExitCode.OK
