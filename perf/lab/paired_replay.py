"""Kept pairs, replayed: when a run would have stopped, and with which verdict, by the rule that it goes by.

Each try takes the pairs of workers in another order, in which candidate and reference are still started first
alternately, and the pairs of each in the order in which they were made. The tries share the same pairs, so they show
what the rule makes of them and not how often it is right on others.

The same pairs can be read in two ways: with disturbed parts set aside, and as they were read before there were
conditions of turns, by the whole generation.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from perf.lab.pair_recording import KeptRow, Workers
from perf.measure.progress import duration
from perf.stats.kept_pairs import set_aside
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.paired_rule import FIRST, PairedRule, Quota, next_pairs
from perf.stats.pairs import Pair

TRIES = 200
BUDGET_S = 1800.0  # of a row, as in a run
BY_PARTS, WHOLE = "by parts", "whole images"
HEADINGS = ("row", "planted", "beside", "disturbed", "slower", "equivalent", "undecided", "faster", "time", "within")


@dataclass(frozen=True, kw_only=True)
class Try:
    """What one try ended with, and the seconds that a run would have taken for it."""

    verdict: PairedVerdict
    seconds: float
    pairs: tuple[Pair, ...]


def one_try(workers: Iterable[Workers], budget_s: float = BUDGET_S) -> Try:
    """Return what a run with these workers would have ended with; it ends where they do, too."""
    rule = PairedRule(budget_s)
    replay = Replay(workers)
    following = FIRST
    while not rule.is_enough(len(replay.starts_s), replay.seconds):
        if following.is_fresh and not replay.start():
            break
        quota = Quota.of(replay.made, following.pairs)
        while not quota.is_over(replay.made) and not rule.is_late(len(replay.starts_s), replay.seconds, replay.made):
            if not replay.make():
                break
        if rule.is_due(len(replay.starts_s), replay.seconds) or not replay.has_more:
            rule.look(replay.pairs)
        can_go_on = quota.is_met(replay.made) and bool(replay.left)
        following = next_pairs(replay.pairs, replay.starts_s, can_go_on=can_go_on)
    verdict = rule.comparison.verdict if rule.comparison else PairedVerdict.UNDECIDED
    return Try(verdict=verdict, seconds=replay.seconds, pairs=tuple(replay.pairs))


class Replay:
    """The state of a replayed run: what was made so far, and the seconds that it took.

    ``made`` is by the workers that are alive, and ``left`` what they can still make.
    """

    def __init__(self, workers: Iterable[Workers]) -> None:
        self.starts_s: list[float] = []
        self.seconds = 0.0
        self.made: list[Pair] = []
        self.left: list[Pair] = []
        self._earlier: list[Pair] = []
        self._upcoming = iter(workers)
        self._next = next(self._upcoming, None)

    @property
    def has_more(self) -> bool:
        """Whether there are workers that have not been started."""
        return self._next is not None

    @property
    def pairs(self) -> list[Pair]:
        """All pairs so far."""
        return [*self._earlier, *self.made]

    def start(self) -> bool:
        """Start the next pair of workers; return whether there is one."""
        fresh = self._next
        if fresh is None:
            return False
        self._next = next(self._upcoming, None)
        self.starts_s.append(fresh.start_s)
        self.seconds += fresh.start_s
        self._earlier, self.made = self.pairs, []
        self.left = [replace(pair, workers=len(self.starts_s)) for pair in fresh.pairs]
        return True

    def make(self) -> bool:
        """Make the next pair; return whether there is one."""
        if not self.left:
            return False
        self.made.append(self.left.pop(0))
        self.seconds += self.made[-1].seconds or 0.0
        return True


def tries(row: KeptRow, count: int = TRIES, seed: int = 0) -> list[Try]:
    """Return so many tries, each with the row's pairs of workers in another order."""
    generator = np.random.default_rng(seed)
    return [one_try(shuffled(row.workers, generator)) for _ in range(count)]


def shuffled(workers: Sequence[Workers], generator: np.random.Generator) -> list[Workers]:
    """Return the pairs of workers in random order, those at odd and at even places alternately as before."""
    odd, even = (generator.permutation(len(workers[first::2])) for first in (0, 1))
    order = []
    for place in range(len(workers)):
        shuffled_half, first = (even, 1) if place % 2 else (odd, 0)
        order.append(workers[first::2][shuffled_half[place // 2]])
    return order


def by_whole_images(row: KeptRow) -> KeptRow:
    """Return the row without the conditions of turns, so that disturbance is judged by the whole generation."""
    return replace(row, workers=tuple(map(_without_turns, row.workers)))


def _without_turns(workers: Workers) -> Workers:
    pairs = [
        replace(pair, reference=replace(pair.reference, turns=None), candidate=replace(pair.candidate, turns=None))
        for pair in workers.pairs
    ]
    return replace(workers, pairs=tuple(pairs))


def report(rows: Iterable[KeptRow], count: int = TRIES) -> list[tuple[str, ...]]:
    """Return the texts of a table, in the order of HEADINGS: each row read in both ways."""
    lines = []
    for row in rows:
        lines.append(_texts(row, BY_PARTS, tries(row, count)))
        lines.append(_texts(row, WHOLE, tries(by_whole_images(row), count)))
    return lines


def _texts(row: KeptRow, read_as: str, made: Sequence[Try]) -> tuple[str, ...]:
    counts = Counter(one.verdict for one in made)
    seconds = [one.seconds for one in made]
    shares = [
        f"{100 * counts[verdict] / len(made):.0f} %"
        for verdict in (
            PairedVerdict.REGRESSED,
            PairedVerdict.EQUIVALENT,
            PairedVerdict.UNDECIDED,
            PairedVerdict.IMPROVED,
        )
    ]
    aside = f"{read_as}: {_share_set_aside(row, read_as)}"
    beside = "a busy loop" if row.is_busy else "nothing"
    times = (duration(statistics.median(seconds)), duration(float(np.quantile(seconds, 0.95))))
    return (row.row, f"{row.planted_percent:g} %", beside, aside, *shares, *times)


def _share_set_aside(row: KeptRow, read_as: str) -> str:
    """Return how many of all the row's pairs are lost, with their steps or without."""
    read = row if read_as == BY_PARTS else by_whole_images(row)
    pairs = [replace(pair, workers=number) for number, workers in enumerate(read.workers, 1) for pair in workers.pairs]
    aside = set_aside(pairs)
    return f"{aside.steps} of {aside.of_steps} steps, {aside.pairs} of {aside.of_pairs} pairs"
