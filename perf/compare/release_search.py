"""Which release is the first slower one: the releases between a good and a slow one, walked by halves.

Every verdict is kept as soon as it is known, so that an interrupted walk goes on where it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from perf.stats.paired_comparison import PairedVerdict

SLOWER, NOT_SLOWER = {PairedVerdict.REGRESSED}, {PairedVerdict.EQUIVALENT, PairedVerdict.IMPROVED}


@dataclass(frozen=True)
class Step:
    """One release beside the first of the walk, and why that is said of it."""

    release: str
    verdict: PairedVerdict
    sentence: str


@dataclass(frozen=True)
class SearchResult:
    """How the walk ended. ``slower`` is the first release that is slower, ``last_good`` the one before it."""

    sentence: str
    slower: str | None = None
    last_good: str | None = None
    is_open: bool = False


class SearchLog:
    """The verdicts so far, in a file. One that cannot be read is begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps: dict[str, Step] = {}
        try:
            for one in json.loads(path.read_text(encoding="utf-8")):
                self._steps[one["release"]] = Step(one["release"], PairedVerdict(one["verdict"]), one["sentence"])
        except (OSError, ValueError, TypeError, LookupError):
            self._steps = {}

    def get(self, release: str) -> Step | None:
        return self._steps.get(release)

    def add(self, step: Step) -> None:
        """Keep a verdict; what was undecided, or could not be measured, is worth trying again."""
        if step.verdict not in SLOWER | NOT_SLOWER:
            return
        self._steps[step.release] = step
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(json.dumps([asdict(one) for one in self._steps.values()], indent=1), encoding="utf-8")
        fresh.replace(self._path)


Compare = Callable[[str], Step]


def walk(releases: Sequence[str], compare: Compare, kept: SearchLog, say: Callable[[str], None]) -> SearchResult:
    """Find the first of ``releases``, oldest first, that is slower than the first of all. At least two are needed."""

    def verdict(release: str) -> Step:
        known = kept.get(release)
        step = known or compare(release)
        kept.add(step)
        say(f"{release}: {step.verdict}: {step.sentence}{' (kept)' if known else ''}")
        return step

    good, slow = 0, len(releases) - 1
    last = verdict(releases[slow])
    if last.verdict not in SLOWER:
        return _nothing_to_find(releases, last)
    while (step := _next_step(releases, good, slow, verdict)) is not None:
        if step.verdict is PairedVerdict.UNDECIDED:
            return _undecided(step)
        if step.verdict in SLOWER:
            slow, last = releases.index(step.release), step
        else:
            good = releases.index(step.release)
    skipped = releases[good + 1 : slow]
    unknown = f"; {', '.join(skipped)} between them could not be measured" if skipped else ""
    return SearchResult(
        f"{releases[slow]} is the first that is slower: {last.sentence}; {releases[good]} is not{unknown}",
        slower=releases[slow],
        last_good=releases[good],
    )


def _nothing_to_find(releases: Sequence[str], last: Step) -> SearchResult:
    if last.verdict in NOT_SLOWER:
        return SearchResult(f"{last.release} is not slower than {releases[0]}: {last.sentence}")
    if last.verdict is PairedVerdict.UNDECIDED:
        return _undecided(last)
    return SearchResult(f"{last.release} beside {releases[0]} is {last.verdict}: {last.sentence}", is_open=True)


def _undecided(step: Step) -> SearchResult:
    return SearchResult(f"{step.release} is undecided: {step.sentence}; give more --budget and go on", is_open=True)


def _next_step(releases: Sequence[str], good: int, slow: int, verdict: Callable[[str], Step]) -> Step | None:
    """The verdict on the release nearest the middle that can be measured; None where there is none in between."""
    middle = (good + slow) / 2
    for number in sorted(range(good + 1, slow), key=lambda number: abs(number - middle)):
        step = verdict(releases[number])
        if step.verdict is not PairedVerdict.INVALID:
            return step
    return None
