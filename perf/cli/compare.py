"""``python -m perf compare``: two runs, or two nights of the history."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import terminal_width
from perf.exit_codes import ExitCode
from perf.history.connecting import default_url
from perf.history.database import Database
from perf.history.night import Night, read_night
from perf.history.night_comparison import NightComparison, compare_nights
from perf.report.tables import aligned, wrapped
from perf.stats.verdict import Verdict, percent

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

HEADINGS = ("variant", "change", "interval", "verdict", "sees")
ABOUT = "change: of the latency, with its 90 % interval; verdict and sees: by the gate's rules, the first as baseline."


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("compare", help="two runs, or two nights of the history, row by row")
    for name in ("before", "after"):
        parser.add_argument(name, metavar="NIGHT", help="a RUN.json, the name that `history list` shows, or `last`")
    parser.add_argument("--history", metavar="ADDRESS", help="the history that nights are from (a file of one's own)")
    parser.add_argument("--fail", action="store_true", help="end with exit code 1 where a row is slower")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print how the second night differs from the first. Raises BadRun or BadHistory."""
    before, after = (night(name, options.history) for name in (options.before, options.after))
    compared = compare_nights(before, after)
    print("\n".join(lines(compared, terminal_width())))
    return ExitCode.FAILED if options.fail and compared.fails else ExitCode.OK


def night(name: str, address: str | None) -> Night:
    """Return a night by its file, or by its name in the history."""
    if name.endswith(".json") or Path(name).exists():
        return read_night(Path(name))
    with Database(address or default_url()) as database:
        return database.night(name)


def lines(compared: NightComparison, width: int) -> list[str]:
    """Return the comparison as text."""
    cells = [(name, *cells_of(verdict)) for name, verdict in compared.verdicts.items()]
    text = [f"not of the same setting: {difference}" for difference in compared.differences]
    text += aligned(HEADINGS, cells, width) + wrapped(ABOUT, width) if cells else ["no row is in both"]
    if compared.mean:
        mean, low, high = map(percent, compared.mean)
        text.append(f"geometric mean of {len(cells)}: {mean} ({low} to {high}), as if rows were independent")
    if compared.alone:
        text += wrapped(f"not compared, since only one of the two has their rounds: {', '.join(compared.alone)}", width)
    return text


def cells_of(verdict: Verdict) -> tuple[str, str, str, str]:
    """Return the columns of a row behind its name."""
    latency = verdict.latency
    if latency is None:
        return "-", "-", str(verdict.kind), "-"
    sees = f"{percent(verdict.sees)}" if verdict.sees else "-"
    return percent(latency.ratio), latency.interval, str(verdict.kind), sees
