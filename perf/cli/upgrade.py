"""``python -m perf upgrade``: makes the candidate that is asked for; pytest compares it with the stack in use."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from perf.compare.release_search import SearchLog, SearchResult, Step, walk
from perf.errors import BadInput, UnknownName
from perf.host import environments, stack
from perf.host.cache import cache_dir
from perf.host.environments import Candidate
from perf.host.stack import ROOT, Stack
from perf.spec import ladder
from perf.stats.paired_comparison import PairedVerdict

SUITE = ROOT / "perf" / "suite" / "test_upgrade.py"
QUIETLY = ("-q", "-rfE", "-o", "console_output_style=classic", "--benchmark-quiet", "--benchmark-storage=results")
BAD_INPUT = 4  # as pytest's own
UNDECIDED = 2
WORST_FIRST = (
    PairedVerdict.REGRESSED,
    PairedVerdict.INVALID,
    PairedVerdict.UNDECIDED,
    PairedVerdict.IMPROVED,
    PairedVerdict.EQUIVALENT,
)
HOW = (
    'nothing to compare: give UPGRADE="openvino==2026.3.1" (or several, a requirements file, a wheel), '
    "or --reference PYTHON --candidate PYTHON, or --bisect PACKAGE FIRST..LAST"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of this command; whatever else is given goes to pytest."""
    name = os.environ.get("UPGRADE_STACK") or "current"
    asked = shlex.split(os.environ.get("UPGRADE", ""))
    parser.add_argument("--upgrade", action="append", default=asked, metavar="REQUIREMENT", help="(also $UPGRADE)")
    parser.add_argument("--upgrade-stack", default=name, metavar="NAME", help="stack to take it into (%(default)s)")
    parser.add_argument("--bisect", nargs=2, metavar=("PACKAGE", "FIRST..LAST"), help="find the first slower release")
    parser.add_argument("--reference", metavar="PYTHON", help="or compare two environments that are there: this one")
    parser.add_argument("--candidate", metavar="PYTHON", help="with this one")


def run(options: argparse.Namespace, others: Sequence[str]) -> int:
    """The exit code: 0, 1 for a slower or invalid row, 2 for an undecided one under --strict. Raises BadInput."""
    if options.bisect:
        return bisect(options, others)
    if options.reference or options.candidate:
        given = [("--reference", options.reference), ("--candidate", options.candidate)]
        return compare([part for name, python in given if python for part in (name, python)], others)
    asked = environments.requirements(options.upgrade)
    if not asked:
        raise BadInput(HOW)
    used = stack_in_use(options.upgrade_stack)
    candidate = made(used, asked)
    for change in candidate.changes:
        say(f"  {change}")
    if not candidate.changes and all(map(environments.is_newest, asked)):
        say("nothing to compare: what is in use is the newest")
        return 0
    return compare(stack_pair(used, candidate.python, asked), [*rows(used, others), *others])


def made(used: Stack, asked: Sequence[str]) -> Candidate:
    """The stack with this in it, announced since pip may take minutes and says nothing. Raises BadInput."""
    say(f"making stack {used.name} with {', '.join(asked)}")
    return environments.upgraded(used, asked)


def compare(stack_pair: Sequence[str], others: Sequence[str]) -> int:
    """Run the upgrade check and return pytest's exit code."""
    results = ("--benchmark-save=upgrade", "--json=results/upgrade.json", "--markdown=results/upgrade.md")
    command = [sys.executable, "-m", "pytest", str(SUITE), *QUIETLY, *results, *stack_pair, *others]
    with subprocess.Popen(command) as pytest:
        try:
            return pytest.wait()
        except KeyboardInterrupt:
            pytest.wait()  # Ctrl-C has reached it too, and it says what it has measured
            raise


def stack_pair(reference: Stack, candidate: Path, asked: Sequence[str]) -> list[str]:
    named = [part for text in asked for part in ("--asked", text)]
    return ["--reference", reference.python, "--candidate", str(candidate), *named]


def rows(used: Stack, others: Sequence[str]) -> list[str]:
    """The rows of that stack, unless some were chosen."""
    if any(text.startswith("--variant") for text in others):
        return []
    names = [variant.name for variant in ladder.LADDER if variant.stack == used.name]
    return [part for name in names for part in ("--variant", name)]


def stack_in_use(name: str) -> Stack:
    """Raises BadInput if it is not installed."""
    if name not in ladder.stacks():
        raise UnknownName("stack", name, ladder.stacks())
    python = stack.default_python(name)
    if not python.exists():
        raise BadInput(f"stack {name} is not installed ({python}); to mend it: tox run --notest -e stack-{name}")
    return stack.probe(name, python)


def bisect(options: argparse.Namespace, others: Sequence[str]) -> int:
    """Walk the releases between two; each is compared with the first. Raises BadInput."""
    package, asked = options.bisect
    first, dots, last = asked.partition("..")
    if not dots:
        raise BadInput(
            f"--bisect {package} {asked}: the releases are given as FIRST..LAST, for example 2026.0.0..2026.4.1"
        )
    releases = environments.between(package, first, last)
    used = stack_in_use(options.upgrade_stack)
    say(f"{package}: {len(releases)} releases, {', '.join(releases)}")
    wanted = [*rows(used, others), *others]
    good = stack.probe(used.name, made(used, [f"{package}=={first}"]).python)
    whole = json.dumps([package, good.to_json(), without_budget(wanted)], sort_keys=True)
    kept = SearchLog(cache_dir() / "bisects" / f"{hashlib.sha256(whole.encode()).hexdigest()[:16]}.json")
    found = walk(releases, lambda release: step(package, release, used, good, wanted), kept, say)
    print(f"{package}: {found.sentence}")
    return exit_code(found)


def without_budget(others: Sequence[str]) -> list[str]:
    """The options that decide what a verdict is about; a walk goes on with another budget."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--budget")
    return parser.parse_known_args(others)[1]


def exit_code(found: SearchResult) -> int:
    return UNDECIDED if found.is_open else 1 if found.slower else 0


def step(package: str, release: str, used: Stack, good: Stack, others: Sequence[str]) -> Step:
    """One release of a walk beside the first of it. What cannot be installed or measured is invalid."""
    asked = [f"{package}=={release}"]
    try:
        candidate = made(used, asked).python
    except BadInput as error:
        return Step(release, PairedVerdict.INVALID, str(error))
    with tempfile.TemporaryDirectory(prefix="sd-xeon-perf-") as folder:
        written = Path(folder) / "upgrade.json"
        code = compare(stack_pair(good, candidate, asked), [*others, "--json", str(written)])
        if not written.exists():
            raise BadInput(
                f"{package} {release}: the comparison ended with exit code {code}; the walk goes on from here"
            )
        return summed_up(release, json.loads(written.read_text(encoding="utf-8"))["results"])


def summed_up(release: str, results: Sequence[dict[str, str]]) -> Step:
    """Over all rows, the worst of them."""
    if not results:
        return Step(release, PairedVerdict.INVALID, "no row could be compared")
    worst = min(results, key=lambda result: WORST_FIRST.index(PairedVerdict(result["verdict"])))
    return Step(release, PairedVerdict(worst["verdict"]), f"{worst['variant']} {worst['says']}")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
