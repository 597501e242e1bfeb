"""The upgrade check: which two stacks, and which rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from perf.cli.pairs_pytest import run_pairs
from perf.errors import BadInput, UnknownName
from perf.host import environments, stack
from perf.host.environments import Candidate
from perf.host.requirements import Requested
from perf.host.stack import ROOT, Stack
from perf.measure import settings_file
from perf.measure.declared_options import declared
from perf.measure.settings_file import SettingsFile
from perf.spec import ladder

PAGE = "--report=results/report.html"


def stack_in_use(name: str) -> Stack:
    """Return the installed stack of that name. Raises BadInput if there is none."""
    file = file_of_settings()
    known = ladder.stacks(file.ladder if file else ladder.LADDER)
    if name not in known:
        raise UnknownName("stack", name, known)
    python = (file.stacks.get(name) if file else None) or stack.default_python(name)
    if not python.exists():
        raise BadInput(f"stack {name} is not installed ({python}); to fix it: {stack.how_to_make(name)}")
    return stack.inspect_python(name, python)


def make_candidate(used: Stack, requested: Requested) -> Candidate:
    """Return the stack with these requirements in it. Raises BadInput.

    Announced first, since pip may take minutes and prints nothing.
    """
    say(f"making stack {used.name} with {', '.join(requested.requirements)}")
    return environments.upgrade(used, requested)


def stack_options(reference: Stack, candidate: Path, requirements: Sequence[str]) -> list[str]:
    """Return pytest's options that name the two interpreters, and what the candidate was made for."""
    options = ["--reference", reference.python, "--candidate", str(candidate)]
    for requirement in requirements:
        options += ["--asked", requirement]
    return options


def row_options(used: Stack, pytest_options: Sequence[str]) -> list[str]:
    """Return the options that choose the rows of this stack; none where the user has chosen some.

    Of the rows in a settings file they are those of this stack, unless it has none of them. Raises BadInput.
    """
    if any(option.startswith("--variant") for option in pytest_options):
        return []
    file = file_of_settings()
    known = file.ladder if file else ladder.LADDER
    chosen = ladder.select(file.values.get("variant", []), known) if file else known
    rows = [variant for variant in chosen if variant.stack == used.name]
    options = []
    for variant in rows or [variant for variant in known if variant.stack == used.name]:
        options += ["--variant", variant.name]
    return options


def file_of_settings() -> SettingsFile | None:
    """Return the settings file that the pytest of a comparison will read, or None. Raises BadInput."""
    return settings_file.find(ROOT, declared())


def compare(options: Sequence[str]) -> int:
    """Run the upgrade check with these options of pytest, and return its exit code. Raises KeyboardInterrupt."""
    return run_pairs("upgrade", [PAGE, *options])


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)
