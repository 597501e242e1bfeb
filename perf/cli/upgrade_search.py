"""``python -m perf upgrade --bisect PACKAGE FIRST..LAST``: which release is the first slower one."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from perf.cli.upgrade_check import (
    compare,
    file_of_settings,
    make_candidate,
    row_options,
    say,
    stack_in_use,
    stack_options,
)
from perf.compare.release_search import SearchLog, SearchResult, Step, walk
from perf.errors import BadInput
from perf.exit_codes import ExitCode
from perf.host import stack
from perf.host.cache import cache_dir
from perf.host.releases import between
from perf.host.requirements import Requested
from perf.host.stack import Stack
from perf.stats.paired_comparison import PairedVerdict

WORST_FIRST = (
    PairedVerdict.REGRESSED,
    PairedVerdict.INVALID,
    PairedVerdict.DISTURBED,
    PairedVerdict.UNDECIDED,
    PairedVerdict.IMPROVED,
    PairedVerdict.EQUIVALENT,
)


def search(package: str, interval: str, stack_name: str, pytest_options: Sequence[str]) -> ExitCode:
    """Walk the releases from the first to the last, each compared with the first, and print the result.

    Args:
        package: the package whose releases are walked.
        interval: the releases, as ``FIRST..LAST``.
        stack_name: the stack to put them into.
        pytest_options: what else was given, for pytest.

    Raises:
        BadInput: a release or the stack does not exist, or a comparison ended without results.
    """
    first, dots, last = interval.partition("..")
    if not dots:
        raise BadInput(
            f"--bisect {package} {interval}: the releases are given as FIRST..LAST, for example 2026.0.0..2026.4.1"
        )
    used = stack_in_use(stack_name)
    releases = between(package, first, last, Path(used.python))
    say(f"{package}: {len(releases)} releases, {', '.join(releases)}")
    options = [*row_options(used, pytest_options), *pytest_options]
    good = stack.inspect_python(used.name, make_candidate(used, Requested([f"{package}=={first}"])).python)
    log = SearchLog(log_path(package, good, options))
    result = walk(releases, lambda release: compare_release(package, release, used, good, options), log, say)
    print(f"{package}: {result.sentence}")
    return exit_code(result)


def log_path(package: str, good: Stack, options: Sequence[str]) -> Path:
    """Return the file for the verdicts on this package, compared with this stack under these options.

    What a settings file says counts as much as the options.
    """
    identified: list[object] = [package, good.to_json(), without_budget(options)]
    if file := file_of_settings():
        identified.append([file.values, file.tolerances.by_pattern, [row.to_json() for row in file.rows], file.stacks])
    identity = json.dumps(identified, sort_keys=True, default=str)
    return cache_dir() / "bisects" / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"


def without_budget(options: Sequence[str]) -> list[str]:
    """Return the options that decide what a verdict is about; a walk goes on with another budget."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--budget")
    return parser.parse_known_args(options)[1]


def exit_code(result: SearchResult) -> ExitCode:
    """Return the exit code of a walk that has ended."""
    if result.is_undecided:
        return ExitCode.UNDECIDED
    return ExitCode.FAILED if result.slower else ExitCode.OK


def compare_release(package: str, release: str, used: Stack, good: Stack, options: Sequence[str]) -> Step:
    """Compare one release with the first of the walk. One that cannot be installed is invalid. Raises BadInput."""
    requirements = [f"{package}=={release}"]
    try:
        candidate = make_candidate(used, Requested(requirements)).python
    except BadInput as error:
        return Step(release, PairedVerdict.INVALID, str(error))
    with tempfile.TemporaryDirectory(prefix="sd-xeon-perf-", ignore_cleanup_errors=True) as folder:
        written = Path(folder) / "upgrade.json"
        code = compare([*stack_options(good, candidate, requirements), *options, "--json", str(written)])
        if not written.exists():
            raise BadInput(
                f"{package} {release}: the comparison ended with exit code {code}; the walk goes on from here"
            )
        return worst_of(release, json.loads(written.read_text(encoding="utf-8"))["results"])


def worst_of(release: str, results: Sequence[dict[str, str]]) -> Step:
    """Return the worst verdict over all rows."""
    if not results:
        return Step(release, PairedVerdict.INVALID, "no row could be compared")
    worst = min(results, key=lambda result: WORST_FIRST.index(PairedVerdict(result["verdict"])))
    return Step(release, PairedVerdict(worst["verdict"]), f"{worst['variant']} {worst['says']}")
