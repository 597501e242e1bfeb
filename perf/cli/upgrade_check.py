"""The upgrade check, run in a pytest of its own: which two stacks, which rows, and the exit code."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from perf.errors import BadInput, UnknownName
from perf.host import environments, stack
from perf.host.environments import Candidate
from perf.host.requirements import Requested
from perf.host.stack import ROOT, Stack
from perf.measure import settings_file
from perf.measure.declared_options import declared
from perf.measure.settings_file import SettingsFile
from perf.spec import ladder

SUITE = ROOT / "perf" / "suite" / "test_upgrade.py"
QUIETLY = ("-q", "-rfE", "-o", "console_output_style=classic", "--benchmark-quiet", "--benchmark-storage=results")
RESULTS = (
    *("--benchmark-save=upgrade", "--json=results/upgrade.json", "--markdown=results/upgrade.md"),
    "--report=results/report.html",
)


def stack_in_use(name: str) -> Stack:
    """Return the installed stack of that name. Raises BadInput if there is none."""
    if name not in ladder.stacks():
        raise UnknownName("stack", name, ladder.stacks())
    python = stack.default_python(name)
    if not python.exists():
        raise BadInput(f"stack {name} is not installed ({python}); to fix it: tox run --notest -e stack-{name}")
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
    chosen = ladder.select(file.values.get("variant", [])) if file else ladder.LADDER
    rows = [variant for variant in chosen if variant.stack == used.name]
    options = []
    for variant in rows or [variant for variant in ladder.LADDER if variant.stack == used.name]:
        options += ["--variant", variant.name]
    return options


def file_of_settings() -> SettingsFile | None:
    """Return the settings file that the pytest of a comparison will read, or None. Raises BadInput."""
    return settings_file.find(ROOT, declared())


def compare(options: Sequence[str]) -> int:
    """Run the upgrade check with these options of pytest, and return its exit code.

    SIGTERM and SIGHUP reach this process alone, and are passed on: pytest shows and keeps what it has measured. Raises
    KeyboardInterrupt for these as for Ctrl-C, which reaches both.
    """
    command = [sys.executable, "-m", "pytest", str(SUITE), *QUIETLY, *RESULTS, *options]
    with subprocess.Popen(command) as pytest, passing_on(pytest) as passed_on:
        try:
            code = pytest.wait()
        except KeyboardInterrupt:
            pytest.wait()  # it prints what it has measured
            raise
    if passed_on:
        raise KeyboardInterrupt
    return code


@contextlib.contextmanager
def passing_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Pass SIGTERM and SIGHUP on to a process during the block; yield the list of those that came."""
    passed_on: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        passed_on.append(number)
        process.send_signal(number)

    endings = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in endings}
    try:
        yield passed_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)
