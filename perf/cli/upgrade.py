"""``python -m perf upgrade``: makes the candidate that is asked for; pytest compares it with the stack in use."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

from perf.cli import upgrade_search
from perf.cli.upgrade_check import compare, make_candidate, row_options, say, stack_in_use, stack_options
from perf.errors import BadInput
from perf.exit_codes import ExitCode
from perf.host.requirements import is_newest, parse_requirements

if TYPE_CHECKING:
    from perf.cli.arguments import Commands

DEFAULT_STACK = "current"
UPGRADE_HELP = "what to upgrade to: a requirement, a requirements file or a wheel; may be repeated (also $UPGRADE)"
HOW = (
    'nothing to compare: give UPGRADE="openvino==2026.3.1" (or several, a requirements file, a wheel), '
    "or --reference PYTHON --candidate PYTHON, or --bisect PACKAGE FIRST..LAST"
)


def add_parser(commands: Commands) -> None:
    """Add the command and its options; whatever else is given goes to pytest."""
    parser = commands.add_parser(
        "upgrade",
        help="compare a stack with another, in turns",
        epilog="Other options go to pytest.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--upgrade", action="append", default=[], metavar="REQUIREMENT", help=UPGRADE_HELP)
    add("--upgrade-stack", metavar="NAME", help=f"stack to upgrade (also $UPGRADE_STACK; {DEFAULT_STACK})")
    add("--bisect", nargs=2, metavar=("PACKAGE", "FIRST..LAST"), help="find the first slower of these releases")
    add("--reference", metavar="PYTHON", help="instead, compare two existing environments: this one")
    add("--candidate", metavar="PYTHON", help="with this one")
    parser.set_defaults(run=run, passes_on_to_pytest=True)


def run(options: argparse.Namespace) -> int:
    """Compare what was asked for, and return pytest's exit code or that of the search. Raises BadInput."""
    if options.bisect:
        package, interval = options.bisect
        return upgrade_search.search(package, interval, stack_name(options), options.pytest_options)
    if options.reference or options.candidate:
        return compare([*given_stacks(options), *options.pytest_options])
    return compare_upgrade(options)


def stack_name(options: argparse.Namespace) -> str:
    """Return the name of the stack to be upgraded."""
    return options.upgrade_stack or os.environ.get("UPGRADE_STACK") or DEFAULT_STACK


def given_stacks(options: argparse.Namespace) -> list[str]:
    """Return pytest's options for the interpreters that were given; pytest says which one is missing."""
    stacks = []
    for name, python in (("--reference", options.reference), ("--candidate", options.candidate)):
        if python:
            stacks += [name, python]
    return stacks


def compare_upgrade(options: argparse.Namespace) -> int:
    """Make the candidate and compare it with the stack in use. Raises BadInput."""
    requested = parse_requirements([*requirements_in_environment(), *options.upgrade])
    requirements = requested.requirements
    if not requirements:
        raise BadInput(HOW)
    used = stack_in_use(stack_name(options))
    candidate = make_candidate(used, requested)
    for change in candidate.changes:
        say(f"  {change}")
    if not candidate.changes and all(map(is_newest, requirements)):
        say("nothing to compare: what is in use is the newest")
        return ExitCode.OK
    rows = row_options(used, options.pytest_options)
    return compare([*stack_options(used, candidate.python, requirements), *rows, *options.pytest_options])


def requirements_in_environment() -> list[str]:
    """Return what $UPGRADE names, split as a shell would. Raises BadInput."""
    text = os.environ.get("UPGRADE", "")
    try:
        return shlex.split(text)
    except ValueError as error:
        reason = str(error)
        raise BadInput(f"UPGRADE={text} cannot be split into requirements: {reason[:1].lower()}{reason[1:]}") from None
