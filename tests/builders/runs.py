"""Runs of the suite for tests: as a user would start them, in a process and with a cache of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from perf.host.machine import this_machine
from perf.host.stack import ROOT
from tests.builders.forked_runs import fork_server

DATA = ROOT / "tests" / "data"
SILLY_PYTHON = DATA / "silly_python"
SUITE_OPTIONS = ("-q", "-p", "no:cacheprovider", "-o", "console_output_style=classic", "--benchmark-quiet")
# Appended where a run is to know which tests failed in the last one; it has been imported by then, and is told off.
WITH_CACHE = ("-p", "cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
# Loading it takes most of a second, and users do not have it.
WITHOUT_HYPOTHESIS = ("-p", "no:hypothesispytest")

# A job in the background of a shell ignores SIGINT, one under nohup SIGHUP, and so would all that they start.
ALLOW_INTERRUPTS = ("/usr/bin/env", "--default-signal=INT,HUP,TERM")

SUITE = ROOT / "perf" / "suite"
LADDER_SUITE = SUITE / "test_ladder.py"
PAIRS_SUITE = SUITE / "test_pairs.py"

SHARED_CACHE = "TESTS_CACHE"  # the variable that names the cache of several processes of pytest
RunLadder = Callable[..., subprocess.CompletedProcess[str]]

HERE = this_machine()


def ladder_command(*options: str) -> list[str]:
    return [sys.executable, "-m", "pytest", str(LADDER_SUITE), *SUITE_OPTIONS, *WITHOUT_HYPOTHESIS, *options]


def surroundings() -> dict[str, str]:
    """Return this process's environment; tests in GitHub Actions must not add to the summary of their own step."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "PYTEST_XDIST_"))}


def silly_surroundings(folder: Path) -> dict[str, str]:
    """Return an environment of an always equally fast machine, whose silly worker is what its rows claim here.

    The cache is in ``folder``, and so is what failed runs leave for whoever reads their messages.
    """
    return surroundings() | {
        "PERF_CACHE": str(folder / "cache"),
        "TMPDIR": str(folder),
        "PERF_LOCK": str(folder / "lock"),  # runs of tests may run beside each other
        "XDG_STATE_HOME": str(folder / "state"),
        "PERF_POWERCAP": str(folder / "powercap"),  # a silly image takes no time, in which a real counter does not move
        "PATH": f"{DATA / 'silly_bin'}:{os.environ['PATH']}",
        "SILLY_THREADS": str(HERE.usable_cores),
        "SILLY_BF16": HERE.bf16_isa or "",
        "SILLY_FP16": HERE.fp16_isa or "",
    }


def run_ladder_in(
    folder: Path, *options: str, timeout_s: int = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the ladder as a user would, in a process of its own with a cache of its own, and a probe that is silly.

    A settings file would be in ``folder``; one of this checkout is its user's.
    """
    return run_suite_in(folder, LADDER_SUITE, *options, environment=environment, timeout_s=timeout_s)


def run_suite_in(
    folder: Path, suite: Path, *options: str, environment: Mapping[str, str] | None = None, timeout_s: int = 120
) -> subprocess.CompletedProcess[str]:
    """Run a file of the suite as ``run_ladder_in`` does the ladder, with this added to its environment."""
    common = (*SUITE_OPTIONS, *WITHOUT_HYPOTHESIS)
    surroundings = silly_surroundings(folder) | {"COLUMNS": "120", **(environment or {})}
    arguments = (str(suite), *common, f"--rootdir={folder}", *options)
    return fork_server(str(SUITE), *common).run(arguments, folder, surroundings, timeout_s)


def options_for(checkpoint: Path) -> tuple[str, ...]:
    """Return options for a ladder of one row whose worker is tests/data/silly_worker.py."""
    return ("--model", str(checkpoint), "--stack", f"current={SILLY_PYTHON}", "--variant", "eager-fp32")
