"""Interleaved measurement: both workers alive, their generations made together part by part, in the order ABBA."""

from __future__ import annotations

from perf.compare.stack_pair import Role
from perf.compare.worker_pair import WorkerPair
from perf.measure.measurement import Measurement
from perf.records.sample import Sample
from perf.stats.paired_comparison import PAIRS_PER_WORKERS
from perf.stats.pairs import Pair, undisturbed_pairs

MOST_PAIRS = 2 * PAIRS_PER_WORKERS  # of the same workers, where some are disturbed


class InTurns:
    """A Strategy: each round is one generation of either worker, in turns.

    ``earlier_pairs`` is how many pairs earlier workers have made.
    """

    def __init__(self, workers: WorkerPair, earlier_pairs: int) -> None:
        self.pairs: list[Pair] = []
        self._workers = workers
        self._earlier_pairs = earlier_pairs

    @property
    def is_done(self) -> bool:
        """Whether enough pairs are undisturbed, or these workers have made as many as they may."""
        return len(self.pairs) >= MOST_PAIRS or len(undisturbed_pairs(self.pairs)) >= PAIRS_PER_WORKERS

    def begin(self) -> None:
        """Start the second worker too."""
        self._workers.start(self._workers.order[1])

    def generate(self) -> None:
        """Make a pair of generations. Raises a WorkerError."""
        order = self._workers.order
        # A part that follows one's own last part finds the caches warm, so who has the first turn alternates too.
        if (self._earlier_pairs + len(self.pairs)) % 2:
            order = order[::-1]
        first, second = (self._workers.measurements[role] for role in order)
        samples = dict(zip(order, generate_in_turns(first, second), strict=True))
        self.pairs.append(
            Pair(
                workers=self._workers.number,
                reference=samples[Role.REFERENCE],
                candidate=samples[Role.CANDIDATE],
            )
        )

    def finish(self) -> None:
        """Do nothing: the pair is complete."""


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
