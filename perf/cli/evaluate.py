"""``python -m perf evaluate``: false alarms and detection of the gate, on recorded sessions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import positive, terminal_width
from perf.exit_codes import ExitCode
from perf.lab import curves, series
from perf.lab.evaluate import TRIALS, Score, evaluate
from perf.lab.noise import noise
from perf.lab.trials import ORDERS
from perf.report import ladder_plot

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("evaluate", help="false alarms and detection of the gate, on recorded sessions")
    parser.add_argument("series", type=Path, nargs="+", help="identical sessions, a JSON object a line")
    parser.add_argument("--order", choices=ORDERS, default=ORDERS[0], help="where the new sessions lie (%(default)s)")
    parser.add_argument("--trials", type=positive, default=TRIALS, help="draws per series (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the scores")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them, as PNG or SVG")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print a table of scores for each series, and write or draw them where asked. Raises BadInput."""
    if options.plot:
        ladder_plot.check_output("--plot", options.plot)
    recorded = {name: series.read(path) for name, path in by_name(options.series).items()}
    scores: list[Score] = []
    for name, sessions in recorded.items():
        of_series = evaluate(name, sessions, trials=options.trials, order=options.order)
        print(f"{name}: {noise(sessions)}")
        print(curves.table(of_series, terminal_width()) + "\n")
        scores += of_series
    print("\n".join(curves.notes(scores, options.trials, options.order)))
    if options.json:
        curves.write_json(options.json, scores)
    if options.plot:
        curves.plot(options.plot, scores)
    return ExitCode.OK


def by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """Name each file by its stem, or by its whole path where two have the same stem."""
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else str(path): path for path in paths}
