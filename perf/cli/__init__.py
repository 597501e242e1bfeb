"""The commands that are not pytest's, ``python -m perf COMMAND``; each has ``add_parser`` and ``run``.

::

    accept           rows of a recorded run taken into the baseline
    arguments        the argument parser, and the types that several commands share
    anchors          the environments that are kept for comparisons with baselines' stacks
    machine          what this machine is, and which baselines are its own
    evaluate         how good the gate is, on recorded sessions
    history          the nights that are kept
    compare          two runs, or two nights of the history
    explain          what a recorded run shows
    stacks           the stacks that a run needs, made
    table            the full table of a machine, of a recorded run or of a night of the history
    plot             a picture of a recorded ladder
    trace            a row of a recorded run, for Perfetto
    report           recorded runs and the history as one HTML page
    github           issues for regressions, comments on pull requests
    selftest         how good the gate is, measured on this machine
    upgrade          a stack compared with another
    upgrade_check    which two stacks, and which rows
    upgrade_search   ``upgrade --bisect``: the first slower release
    pair             a row compared with others
    pairs_pytest     the pytest in which either comparison is measured
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
from collections.abc import Sequence

from perf.cli.arguments import Parser
from perf.errors import PerfError
from perf.exit_codes import ExitCode

DESCRIPTION = "The commands that are not pytest's: what the machine is, what a run shows, and how good the gate is."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user's mistake is one line on standard error."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if given == ["--version"]:  # without the parser: the commands import scipy, which takes a second
            print(version())
            return ExitCode.OK
        options = parse(given)
        code: int = options.run(options)
    except BrokenPipeError:  # ended by `| head`
        sys.stderr.close()
        return ExitCode.OK
    except (PerfError, OSError) as error:  # what was asked for, or a file that cannot be written
        print(f"error: {error}", file=sys.stderr)
        return ExitCode.BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    return code


def version() -> str:
    """Return the name and version of the installed distribution."""
    return f"sd-xeon-perf {importlib.metadata.version('sd-xeon-perf')}"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; options unknown here are kept for pytest where the command passes them on."""
    whole = parser()
    options, unknown = whole.parse_known_args(arguments)
    if unknown and not options.passes_on_to_pytest:
        whole.error(f"unrecognized arguments: {' '.join(unknown)}")
    options.pytest_options = unknown
    return options


def parser() -> Parser:
    """Return the parser of all commands, without reading the environment or this machine."""
    from perf.cli import (  # noqa: PLC0415 - heavy: scipy
        accept,
        anchors,
        compare,
        evaluate,
        explain,
        github,
        history,
        machine,
        pair,
        plot,
        report,
        selftest,
        stacks,
        table,
        trace,
        upgrade,
    )

    whole = Parser(prog="python -m perf", description=DESCRIPTION)
    whole.add_argument("--version", action=ShowVersion, nargs=0, help="show the version and exit")
    whole.set_defaults(passes_on_to_pytest=False)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in (
        *(upgrade, pair, stacks, accept, machine, anchors, history, compare, table, report, github),
        *(evaluate, explain, plot, trace, selftest),
    ):
        command.add_parser(commands)
    return whole


class ShowVersion(argparse.Action):
    """``--version``, which looks the version up only when it is asked for: a plain checkout has none."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version and exit."""
        print(version())
        parser.exit()
