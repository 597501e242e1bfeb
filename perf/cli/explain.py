"""``python -m perf explain``: what a recorded run shows, by itself or against another."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import terminal_width
from perf.exit_codes import ExitCode
from perf.history import recorded_run
from perf.report import explain

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("explain", help="what a recorded run shows: claims, kernels, the machine's limit")
    parser.add_argument("recorded", type=Path, metavar="RUN.json", help="as kept under results/")
    parser.add_argument("--against", type=Path, metavar="OTHER.json", help="show what differs from this run")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print each row of the run, or how it differs from the other run's. Raises BadRun."""
    rows = recorded_run.read(options.recorded).evidenced_rows
    if options.against is None:
        print("\n".join(explain.summary(rows, terminal_width())))
        for row in rows:
            print("\n".join(["", *explain.explain(row)]))
        return ExitCode.OK
    others = {row.name: row for row in recorded_run.read(options.against).evidenced_rows}
    for row in rows:
        if row.name in others:
            print("\n".join(explain.against(row, others[row.name])) + "\n")
        else:
            print(f"{row.name}: not in {options.against}\n")
    return ExitCode.OK
