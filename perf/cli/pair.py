"""``python -m perf pair ROW OTHER...``: rows compared with one of them; pytest measures the two in turns."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from perf.cli.pairs_pytest import run_pairs

if TYPE_CHECKING:
    from perf.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options; whatever else is given goes to pytest."""
    parser = commands.add_parser(
        "pair",
        help="compare rows with another, in turns",
        epilog="The rows come first. Other options go to pytest.",
        allow_abbrev=False,
    )
    parser.add_argument("reference", metavar="ROW", help="the row to compare with")
    parser.add_argument("candidates", nargs="+", metavar="OTHER", help="a row that may be faster or slower than it")
    parser.set_defaults(run=run, passes_on_to_pytest=True)


def run(options: argparse.Namespace) -> int:
    """Compare the rows, and return pytest's exit code."""
    candidates = [option for name in options.candidates for option in ("--variant", name)]
    return run_pairs("pair", ["--against", options.reference, *candidates, *options.pytest_options])
