"""The search for the first slower release: the releases between a good and a slow one, walked by halves.

Every verdict is kept as soon as it is known, so that an interrupted walk goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from perf.host.regular_file import read_text
from perf.host.replaced_file import replace_text
from perf.records.strict_json import parse
from perf.stats.paired_comparison import PairedVerdict

MAX_BYTES = 16 * 1024**2  # of a log
SLOWER = {PairedVerdict.REGRESSED}
NOT_SLOWER = {PairedVerdict.EQUIVALENT, PairedVerdict.IMPROVED}
UNMEASURED = {PairedVerdict.INVALID, PairedVerdict.DISTURBED}


@dataclass(frozen=True)
class Step:
    """The verdict on one release, compared with the first of the walk, and the reason for it."""

    release: str
    verdict: PairedVerdict
    sentence: str


@dataclass(frozen=True)
class SearchResult:
    """How the walk ended.

    Attributes:
        slower: the first release that is slower, if there is one.
        last_good: the release before it, of those that could be measured.
        is_undecided: whether the walk could not come to its end.
    """

    sentence: str
    slower: str | None = None
    last_good: str | None = None
    is_undecided: bool = False


class SearchLog:
    """The verdicts so far, in a file. One that cannot be read counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps: dict[str, Step] = {}
        try:
            for entry in parse(read_text(path, MAX_BYTES)):
                step = Step(entry["release"], PairedVerdict(entry["verdict"]), entry["sentence"])
                self._steps[step.release] = step
        except (OSError, ValueError, TypeError, LookupError):
            self._steps = {}

    def get(self, release: str) -> Step | None:
        """Return the verdict on a release, if it is known."""
        return self._steps.get(release)

    def add(self, step: Step) -> None:
        """Keep a verdict, unless it was undecided, disturbed or invalid, which is worth trying again."""
        if step.verdict not in SLOWER | NOT_SLOWER:
            return
        self._steps[step.release] = step
        replace_text(self._path, json.dumps([asdict(step) for step in self._steps.values()], indent=1))


Compare = Callable[[str], Step]


def walk(releases: Sequence[str], compare: Compare, log: SearchLog, say: Callable[[str], None]) -> SearchResult:
    """Find the first release that is slower than the first of all.

    Args:
        releases: at least two, the oldest first.
        compare: compares a release with the first one.
        log: the verdicts that are known already; new ones are added.
        say: told each verdict as it comes.
    """
    tried: dict[str, Step] = {}  # with what could not be measured, which the log does not keep

    def verdict_on(release: str) -> Step:
        if release in tried:
            return tried[release]
        known = log.get(release)
        step = known or compare(release)
        tried[release] = step
        log.add(step)
        say(f"{release}: {step.verdict}: {step.sentence}{' (kept)' if known else ''}")
        return step

    good, slow = 0, len(releases) - 1
    last = verdict_on(releases[slow])
    if last.verdict not in SLOWER:
        return _without_slower(releases, last)
    while (step := _step_between(releases, good, slow, verdict_on)) is not None:
        if step.verdict is PairedVerdict.UNDECIDED:
            return _undecided(step)
        if step.verdict in SLOWER:
            slow, last = releases.index(step.release), step
        else:
            good = releases.index(step.release)
    return _first_slower(releases, good, slow, last.sentence)


def _step_between(releases: Sequence[str], good: int, slow: int, verdict_on: Compare) -> Step | None:
    """Return the verdict on the release nearest the middle that can be measured; None where there is none."""
    middle = (good + slow) / 2
    for number in sorted(range(good + 1, slow), key=lambda number: abs(number - middle)):
        step = verdict_on(releases[number])
        if step.verdict not in UNMEASURED:
            return step
    return None


def _first_slower(releases: Sequence[str], good: int, slow: int, sentence: str) -> SearchResult:
    skipped = releases[good + 1 : slow]
    unknown = f"; {', '.join(skipped)} between them could not be measured" if skipped else ""
    return SearchResult(
        f"{releases[slow]} is the first that is slower: {sentence}; {releases[good]} is not{unknown}",
        slower=releases[slow],
        last_good=releases[good],
    )


def _without_slower(releases: Sequence[str], last: Step) -> SearchResult:
    """Return how a walk ends whose last release is not known to be slower."""
    if last.verdict in NOT_SLOWER:
        return SearchResult(f"{last.release} is not slower than {releases[0]}: {last.sentence}")
    if last.verdict is PairedVerdict.UNDECIDED:
        return _undecided(last)
    return SearchResult(
        f"{last.release} compared with {releases[0]} is {last.verdict}: {last.sentence}", is_undecided=True
    )


def _undecided(step: Step) -> SearchResult:
    return SearchResult(
        f"{step.release} is undecided: {step.sentence}; give more --budget and go on", is_undecided=True
    )
