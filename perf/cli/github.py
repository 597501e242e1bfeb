"""``python -m perf github``: issues for regressions, and comments on pull requests, from GitHub Actions."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perf.cli.arguments import positive
from perf.errors import BadRun
from perf.exit_codes import ExitCode

if TYPE_CHECKING:
    from perf.cli.arguments import Commands, Parser
    from perf.github.regressions import RowTonight
    from perf.history.night import Night
    from perf.history.recorded_run import RecordedRun

ENVIRONMENT = "Needs GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN in the environment."
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def add_parser(commands: Commands) -> None:
    """Add the command, and those below it."""
    parser = commands.add_parser("github", help="issues for regressions, comments on pull requests")
    below = parser.add_subparsers(required=True, metavar="WHAT")
    for add in (_add_issues, _add_pull_requests, _add_comment):
        add(below)


def _add_issues(below: Any) -> None:
    add = _add(
        below, "issues", tell_issues, "open, update and close an issue for every row that is slower"
    ).add_argument
    add("recorded", type=Path, nargs="+", metavar="RUN.json", help="as kept under results/; of any machines and nights")
    add("--history", metavar="URL", help="the database of earlier nights, for since when a row is slower")


def _add_pull_requests(below: Any) -> None:
    about = "list the pull requests that change a stack's pins, and read the pins as data"
    add = _add(below, "pull-requests", find_pull_requests, about).add_argument
    add("--number", type=positive, help="this one alone, of a fork too, and even if it has been measured")
    add("--output", type=Path, required=True, metavar="FOLDER", help="for checks.json, and a file of pins for each")


def _add_comment(below: Any) -> None:
    about = "tell a pull request what its pins do to the rows, in one comment that is edited"
    add = _add(below, "comment", comment, about).add_argument
    add(
        "compared",
        type=Path,
        nargs="*",
        metavar="RUN.json",
        help="of upgrade checks; none: it was not measured",
    )
    add("--pull-request", type=positive, required=True, metavar="NUMBER")
    add("--head", type=digest, required=True, metavar="SHA", help="the commit whose pins were measured")


def _add(below: Any, name: str, run: Any, about: str) -> Parser:
    parser: Parser = below.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}. {ENVIRONMENT}")
    parser.add_argument("--author", metavar="LOGIN", help="whose issues and comments are ours (the token's user)")
    parser.set_defaults(run=run)
    return parser


def digest(text: str) -> str:
    """Read the whole digest of a commit."""
    if not COMMIT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the whole digest of a commit")
    return text


def tell_issues(options: argparse.Namespace) -> ExitCode:
    """Bring the issues up to date. A run that cannot be read is a line, and the others are told of."""
    from perf.github.access import Access  # noqa: PLC0415 - heavy: SQLAlchemy, matplotlib
    from perf.github.api import Api  # noqa: PLC0415
    from perf.github.issues import bring_up_to_date  # noqa: PLC0415
    from perf.github.regressions import rows_tonight  # noqa: PLC0415
    from perf.history.database import Database  # noqa: PLC0415

    access = Access.of_environment()
    unread: list[str] = []
    nights = list(readable(options.recorded, unread))
    earlier = []
    if options.history:
        with Database(options.history) as database:
            earlier = database.points()
    rows = list(tellable(rows_tonight(nights, earlier), unread))
    with Api(access) as api:
        for line in bring_up_to_date(api, rows, options.author or api.login()):
            print(line, flush=True)
    return ExitCode.BAD_INPUT if unread else ExitCode.OK


def readable(paths: list[Path], unread: list[str]) -> Iterator[tuple[RecordedRun, Night]]:
    """Yield the runs that can be read; what is wrong with the others is printed, and added to ``unread``."""
    from perf.history.night import kept_of  # noqa: PLC0415
    from perf.history.recorded_run import read  # noqa: PLC0415

    for path in paths:
        with noting(unread):
            run = read(path)
            yield run, kept_of(run)


def tellable(rows: list[RowTonight], unread: list[str]) -> Iterator[RowTonight]:
    """Yield the rows of which an issue can be written; what is wrong with the others is printed, and noted."""
    from perf.github.issue_text import checked  # noqa: PLC0415

    for row in rows:
        with noting(unread):
            yield checked(row)


@contextlib.contextmanager
def noting(unread: list[str]) -> Iterator[None]:
    """Print and note a BadRun of the block, which ends there."""
    try:
        yield
    except BadRun as error:
        unread.append(str(error))
        print(f"error: {error}", file=sys.stderr)


def find_pull_requests(options: argparse.Namespace) -> ExitCode:
    """Write what is to be measured: checks.json, and the pins. One that cannot be read is a line."""
    from perf.github.access import Access  # noqa: PLC0415 - heavy: urllib3
    from perf.github.api import Api  # noqa: PLC0415
    from perf.github.pull_requests import find, write  # noqa: PLC0415

    with Api(Access.of_environment()) as api:
        found = find(api, options.author or api.login(), options.number)
    for line in found.notes:
        print(line, file=sys.stderr)
    write(options.output, found.checks)
    print(f"{len(found.checks)} to be measured")
    return ExitCode.BAD_INPUT if options.number and not found.checks else ExitCode.OK


def comment(options: argparse.Namespace) -> ExitCode:
    """Make the comment, or bring it up to date."""
    from perf.github.access import Access  # noqa: PLC0415 - heavy: scipy
    from perf.github.api import Api  # noqa: PLC0415
    from perf.github.comment_text import text  # noqa: PLC0415
    from perf.github.comments import tell  # noqa: PLC0415
    from perf.history.checked_upgrade import read_upgrade  # noqa: PLC0415

    access = Access.of_environment()
    compared = [read_upgrade(path) for path in options.compared]
    with Api(access) as api:
        author = options.author or api.login()
        print(tell(api, options.pull_request, text(options.head, compared), author))
    return ExitCode.OK
