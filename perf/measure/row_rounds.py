"""RowRounds, the rounds of a row as pytest-benchmark's pedantic mode asks for them, whoever makes the images."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from perf.measure.bench import Bench
from perf.measure.machine_probe import ProbeTimes
from perf.measure.pedantic import EnoughRounds
from perf.measure.rounds import Rounds
from perf.records.sample import Sample
from perf.spec.variant import Variant


class RowRounds(ABC):
    """The rounds of one variant, one of pedantic's Timed: what a worker and a group of them have in common."""

    def __init__(self, variant: Variant, bench: Bench, label: str) -> None:
        self.variant = variant
        self._bench = bench
        self._label = label
        self._so_far = Rounds(bench.protocol, variant.warmup_rounds)
        self._probes = ProbeTimes(bench.probe, self.come_to_rest)

    @abstractmethod
    def generate(self, steps: int) -> Sample:
        """Make a round and keep its sample; the first ones are the warm-ups. Raises a WorkerError."""

    @abstractmethod
    def come_to_rest(self) -> None:
        """Wait until whoever makes the images rests."""

    @property
    def warmup_rounds(self) -> int:
        """How many of the rounds warm up."""
        return self._so_far.warmup_rounds

    @property
    def most_rounds(self) -> int:
        """How many timed rounds there are at most, disturbed ones included."""
        return self._bench.protocol.max_rounds

    def next_round(self) -> tuple[tuple[int], dict[str, Any]]:
        """Return the arguments of ``generate`` for the next round: pedantic's ``setup``.

        Raises EnoughRounds when the protocol's rounds are measured or its budget is spent, or a WorkerError.
        """
        protocol = self._bench.protocol
        if self._so_far.is_warming_up:
            self._announce_round()
            return (protocol.warmup_steps,), {}
        self._so_far.begin()
        self._announce_round()
        if self._probes.is_due():
            self._probes.take(len(self._so_far.samples))
        return (protocol.steps,), {}

    def finish_round(self, *_: int) -> None:  # noqa: B027 - pedantic calls it, and there is nothing to do
        """Do nothing: the sample is kept already."""

    def warm_up(self) -> None:
        """Make all warm-up generations. Raises a WorkerError."""
        while self._so_far.is_warming_up:
            self._announce_round()
            self.generate(self._bench.protocol.warmup_steps)

    @contextlib.contextmanager
    def rounds(self) -> Iterator[None]:
        """Wrap ``benchmark.pedantic``: end quietly on EnoughRounds, probe once more, and show the median in a line."""
        with contextlib.suppress(EnoughRounds):
            yield
        self._probes.take(len(self._so_far.samples))
        self._bench.progress.line(f"{self._label}: {self._so_far.summary()}{self._time_left()}")

    def _time_left(self) -> str:
        """Return what is known of the time left of the run, as the end of the row's line."""
        return ""

    def _announce_round(self) -> None:
        self._bench.progress.begin(self._label, self._so_far.describe_next())
