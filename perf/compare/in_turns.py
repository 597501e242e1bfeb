"""Interleaved measurement: both workers alive, their generations made together part by part, in the order ABBA.

Groups of instances cannot stop at every part of each, so they make whole windows one after the other, in that order.
"""

from __future__ import annotations

import time

from perf.compare.side_pair import Role
from perf.compare.worker_pair import WorkerPair
from perf.measure.group import Group
from perf.measure.measurement import Measurement
from perf.records.sample import Sample
from perf.stats.paired_comparison import PAIRS_PER_WORKERS
from perf.stats.paired_rule import Quota
from perf.stats.pairs import Pair


class InTurns:
    """A Strategy: each round is one generation of either worker, in turns, until so many ``pairs`` are kept."""

    def __init__(self, workers: WorkerPair, pairs: int = PAIRS_PER_WORKERS) -> None:
        self.pairs: list[Pair] = []
        self._workers = workers
        self._quota = Quota.of((), pairs)

    @property
    def is_done(self) -> bool:
        """Whether enough pairs are kept, or these workers have made as many as they may."""
        return self._quota.is_over(self.pairs)

    @property
    def can_go_on(self) -> bool:
        """Whether as many pairs were kept as were asked for; where too many were lost, fresh workers try."""
        return self._quota.is_met(self.pairs)

    def ask_for(self, pairs: int) -> None:
        """Ask for so many more undisturbed pairs."""
        self._quota = Quota.of(self.pairs, pairs)

    def begin(self) -> None:
        """Start the second worker too."""
        self._workers.start(self._workers.order[1])

    def generate(self) -> None:
        """Make a pair of generations. Raises a WorkerError."""
        began_s = time.monotonic()
        order = self._workers.order
        # A part that follows one's own last part finds the caches warm, so who has the first turn alternates too: over
        # the pairs of the same workers, and with their order, so that no side has it more often in the end.
        if len(self.pairs) % 2:
            order = order[::-1]
        first, second = (self._workers.measurements[role] for role in order)
        samples = dict(zip(order, self._generate(first, second), strict=True))
        self.pairs.append(
            Pair(
                workers=self._workers.number,
                reference=samples[Role.REFERENCE],
                candidate=samples[Role.CANDIDATE],
                seconds=time.monotonic() - began_s,
            )
        )

    def finish(self) -> None:
        """Do nothing: the pair is complete."""

    def _generate(self, first: Measurement | Group, second: Measurement | Group) -> tuple[Sample, Sample]:
        if isinstance(first, Measurement) and isinstance(second, Measurement):
            return generate_in_turns(first, second)
        return self._workers.generate_with(first), self._workers.generate_with(second)


def generate_in_turns(first: Measurement, second: Measurement) -> tuple[Sample, Sample]:
    """Make a generation of each, one running at a time: first, second, second, first and so on. Raises a WorkerError.

    One that has more parts than the other makes the rest of them alone.
    """
    samples: dict[Measurement, Sample] = {}
    first.begin_in_turns()
    second.begin_in_turns()
    order = (first, second)
    while len(samples) < len(order):
        for measurement in order:
            if measurement not in samples and (sample := measurement.take_turn()):
                samples[measurement] = sample
        order = order[::-1]
    return samples[first], samples[second]
