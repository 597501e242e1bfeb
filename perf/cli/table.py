"""``python -m perf table``: the full table of a machine, of a recorded run or of a night of the history."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from perf.cli.arguments import terminal_width
from perf.errors import BadHistory, BadRun
from perf.exit_codes import ExitCode
from perf.history import checked_upgrade
from perf.history.connecting import default_url
from perf.history.database import LAST, Database, is_upgrade, the_one_called
from perf.history.night import Night, kept_of
from perf.history.recorded_run import RecordedRun, read_json, run_of
from perf.host.output_file import check_output_file
from perf.host.replaced_file import replace_text
from perf.report.full_table import render
from perf.report.full_table.table import FullTable

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

NIGHT = "a RUN.json, the name that `history list` shows, or `last` (the default)"


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "table", help="the full table of a machine: speed, parts, proof and kernels of each row"
    )
    add = parser.add_argument
    add("night", nargs="?", default=LAST, metavar="NIGHT", help=NIGHT)
    add("--history", metavar="ADDRESS", help="the history that a night is from (a file of one's own)")
    add("--markdown", action="store_true", help="as a page of Markdown")
    add("--output", type=Path, metavar="FILE", help="where to write it, whole or not at all; else it is printed")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the table, or write it. Raises BadInput, BadRun or BadHistory."""
    if options.output:
        check_output_file("--output", options.output)
    table = FullTable.of(*source(options.night, options.history))
    text = render.markdown(table) if options.markdown else render.terminal(table, terminal_width())
    if options.output:
        replace_text(options.output, text)
    else:
        print(text, end="")
    return ExitCode.OK


def source(name: str, address: str | None) -> tuple[Night, RecordedRun | None]:
    """Return a night by its file, with the run that it holds, or by its name in the history. Raises BadInput."""
    if name.endswith(".json") or Path(name).exists():
        recorded = ladder_in(Path(name))
        return kept_of(recorded), recorded
    with Database(address or default_url()) as database:
        return ladder_called(name, database), None


def ladder_in(path: Path) -> RecordedRun:
    """Read a recorded run of the ladder. Raises BadRun, also for an upgrade check."""
    whole = read_json(path)
    if checked_upgrade.is_upgrade(whole):
        raise BadRun(f"{path} is an upgrade check, which has no table; `python -m perf report` shows it")
    return run_of(path, whole)


def ladder_called(name: str, database: Database) -> Night:
    """Return the night of that name, or the last one. Raises BadHistory where there is none, or several."""
    runs = database.runs()
    nights = [run for run in runs if not is_upgrade(run)]
    if not nights:
        others = f", only upgrade checks ({len(runs)})" if runs else ""
        raise BadHistory(f"{database.url} holds no run of the ladder{others}; `tox run -e perf` keeps one when it ends")
    found = nights[-1] if name == LAST else the_one_called(name, runs, "night")
    if is_upgrade(found):
        raise BadHistory(
            f"{name} is an upgrade check, which has no table; `python -m perf history show {name}` shows it"
        )
    return database.night(found["digest"])
