"""``python -m perf history``: the nights that are kept, and what can be done with them."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perf.cli.arguments import positive, terminal_width
from perf.errors import BadRun
from perf.exit_codes import ExitCode
from perf.history.checked_upgrade import CheckedUpgrade
from perf.history.connecting import default_url
from perf.history.creep import creeps
from perf.history.database import Database, is_upgrade, the_one_called
from perf.history.export import FORMATS
from perf.history.night import Night
from perf.history.outbox import Outbox
from perf.history.reading import read_kept
from perf.history.trend import changes
from perf.report.tables import aligned
from perf.stats.verdict import percent

if TYPE_CHECKING:
    from perf.cli.arguments import Commands, Parser

SHOWN_DIGITS = 10  # of a night's digest, which is its name
KEPT_DAYS = 90


def add_parser(commands: Commands) -> None:
    """Add the command, and those below it."""
    parser = commands.add_parser("history", help="the nights that are kept: import, list, show, export, prune")
    below = parser.add_subparsers(required=True, metavar="WHAT")
    of_runs = _add(below, "import", import_runs, "keep runs that were recorded before, or elsewhere")
    of_runs.add_argument("recorded", nargs="+", type=Path, metavar="RUN.json", help="files, or folders with such")
    listing = _add(below, "list", list_runs, "a line per night and per checked upgrade")
    listing.add_argument("--last", type=positive, default=30, metavar="N", help="so many (%(default)s)")
    showing = _add(below, "show", show_run, "the rows of a night, or of an upgrade")
    showing.add_argument("night", help="the name that `list` shows, or its first letters; or `last`")
    exporting = _add(below, "export", export_points, "all nights for another program, on standard output")
    exporting.add_argument("--format", choices=FORMATS, required=True)
    exporting.add_argument("--since", default="", metavar="DATE", help="from this day on: 2026-11-01")
    telling = _add(below, "trend", show_trends, "since when a row or a machine is slower, and what upgrades add up to")
    telling.add_argument("--fail", action="store_true", help="end with exit code 1 where something is slower by that")
    pruning = _add(below, "prune", prune, "forget the rounds of old nights; verdicts and medians stay")
    pruning.add_argument("--days", type=positive, default=KEPT_DAYS, help="keep those of so many days (%(default)s)")
    renaming = _add(below, "rename", rename, "let a row's nights under its earlier name count to that of today")
    renaming.add_argument("earlier")
    renaming.add_argument("name")


def _add(below: Any, name: str, run: Any, about: str) -> Parser:
    parser: Parser = below.add_parser(name, help=about, description=about)
    parser.add_argument(
        "--history", metavar="ADDRESS", help="sqlite:///FILE or postgresql://USER@HOST/NAME (a file of this user's own)"
    )
    parser.set_defaults(run=run)
    return parser


def opened(options: argparse.Namespace) -> Database:
    """Return the history that the options name. Raises BadHistory."""
    return Database(options.history or default_url())


def import_runs(options: argparse.Namespace) -> ExitCode:
    """Keep runs, and what waits in the outbox. Raises BadRun for a file that is none; folders may hold other files."""
    with opened(options) as database:
        sent = Outbox.default().send(database)
        counts = Counter(database.add(kept) for kept in runs_of(options.recorded))
    print(f"{counts[True]} new, {counts[False]} known" + (f", {sent} that waited" if sent else ""))
    return ExitCode.OK


def runs_of(given: list[Path]) -> Iterator[Night | CheckedUpgrade]:
    """Yield the runs in the files that were given, and below the folders that were. Raises BadRun."""
    for path in given:
        if not path.is_dir():
            yield read_kept(path)
            continue
        for below in sorted(path.rglob("*.json")):
            try:
                kept = read_kept(below)
            except BadRun as error:
                print(f"left out: {error}", file=sys.stderr)
            else:
                yield kept


def list_runs(options: argparse.Namespace) -> ExitCode:
    """Print the last nights and checked upgrades, the latest first."""
    with opened(options) as database:
        runs = database.runs()[-options.last :][::-1]
        counts = database.counts(since=runs[-1]["began"]) if runs else {}
    if not runs:
        print(f"no night in {database.url} yet: runs are kept when they end, and `import` keeps earlier ones")
        return ExitCode.OK
    lines = [(*about(each), in_words(each, counts.get(each["digest"], {}))) for each in runs]
    print("\n".join(aligned(("night", "began", "host", "CPU", "verdicts"), lines, terminal_width())))
    return ExitCode.OK


def about(run: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return a run's name, and when and where it was measured."""
    return run["digest"][:SHOWN_DIGITS], run["began"][:16].replace("T", " "), run["host"], run["codename"]


def in_words(run: Mapping[str, Any], counts: Mapping[str | None, int]) -> str:
    """Return how many rows have which verdict: ``11 unchanged, 1 regressed``."""
    verdicts = ", ".join(f"{count} {kind or 'not judged'}" for kind, count in counts.items())
    return f"{verdicts} by an upgrade" if is_upgrade(run) else verdicts


def show_run(options: argparse.Namespace) -> ExitCode:
    """Print a night or a checked upgrade, and its rows. Raises BadHistory for a name that none has, or several."""
    with opened(options) as database:
        run = the_one_called(options.night, database.runs(), "night")
        rows = database.rows(run["digest"])
        upgrade = database.upgrade(run["digest"]) if is_upgrade(run) else None
    print(f"{run['began']} on {run['host']}: {run['cpu']}, {run['model']['name']}")
    print(f"suite's commit {run['commit'] or 'not known'}; {run['ci_url'] or 'not in CI'}")
    print("\n".join(lines_of_upgrade(upgrade) if upgrade else lines_of_night(rows)))
    return ExitCode.OK


def lines_of_night(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows of a night as a table."""
    lines = [(row["name"], f"{row['latency_s']:.4g}", interval(row), ratio(row), row["kind"] or "-") for row in rows]
    return aligned(("variant", "s/image", "interval", "to anchor", "verdict"), lines, terminal_width())


def lines_of_upgrade(upgrade: CheckedUpgrade) -> list[str]:
    """Return what an upgrade changed, and its rows as a table."""
    lines = [
        (row.name, percent(row.latency.ratio), row.latency.interval, str(row.verdict))
        if row.latency
        else (row.name, "-", "-", str(row.verdict))
        for row in upgrade.rows
    ]
    changed = ", ".join(upgrade.package_changes) or "no package"
    return [f"changed: {changed}", *aligned(("variant", "candidate", "interval", "verdict"), lines, terminal_width())]


def interval(row: Mapping[str, Any]) -> str:
    """Return the interval of the median."""
    return f"{row['low_s']:.4g}..{row['high_s']:.4g}"


def ratio(row: Mapping[str, Any]) -> str:
    """Return the change from the anchor's software, with its interval; a dash where none was measured."""
    if row["anchor_ratio"] is None:
        return "-"
    if row["anchor_low"] == row["anchor_high"]:
        return "the same"
    return f"{percent(row['anchor_ratio'])} ({percent(row['anchor_low'])} to {percent(row['anchor_high'])})"


def export_points(options: argparse.Namespace) -> ExitCode:
    """Write all nights to standard output."""
    with opened(options) as database:
        sys.stdout.write(FORMATS[options.format](database.points(since=options.since)))
    return ExitCode.OK


def show_trends(options: argparse.Namespace) -> ExitCode:
    """Print the change points of all rows, and what the upgrades of each have come to together."""
    with opened(options) as database:
        points, stacks = database.points(), database.stacks()
    changed = changes(points, stacks)
    upgraded = [creep for creep in creeps(points, stacks) if creep.upgrades or creep.open_since]
    nights = len({point.night for point in points})
    print("\n".join(map(str, (*changed, *upgraded))) or f"nothing has changed in {nights} nights")
    is_slower = any(change.matters for change in changed) or any(creep.is_slower for creep in upgraded)
    return ExitCode.FAILED if options.fail and is_slower else ExitCode.OK


def prune(options: argparse.Namespace) -> ExitCode:
    """Forget the rounds of nights that are older than so many days."""
    before = datetime.now(UTC) - timedelta(days=options.days)
    with opened(options) as database:
        thinned = database.thin_out(before.isoformat(timespec="seconds"))
    print(f"the rounds of {thinned} workers forgotten; their rows keep medians, intervals and verdicts")
    return ExitCode.OK


def rename(options: argparse.Namespace) -> ExitCode:
    """Note a row's earlier name."""
    with opened(options) as database:
        database.rename(options.earlier, options.name)
    print(f"the nights of {options.earlier} count to {options.name}")
    return ExitCode.OK
