"""The rounds of a row as they are measured: which warm up, which count, when there are enough, and how long is left."""

from __future__ import annotations

import statistics
import time

from perf.measure.pedantic import EnoughRounds
from perf.records.sample import Sample
from perf.records.session_record import Round
from perf.spec.protocol import Protocol
from perf.stats.level import undisturbed


class Rounds:
    """The samples of a worker so far, warm-ups first."""

    def __init__(self, protocol: Protocol, warmup_rounds: int) -> None:
        self.warmup_rounds = warmup_rounds
        self.warmups: list[Sample] = []
        self.samples: list[Sample] = []
        self._protocol = protocol
        self._good = 0
        self._began_s: float | None = None

    @property
    def is_warming_up(self) -> bool:
        """Whether the next generation is a warm-up."""
        return len(self.warmups) < self.warmup_rounds

    @property
    def disturbed(self) -> int:
        """How many of the timed rounds were disturbed, and do not count."""
        return len(self.samples) - self._good

    def add(self, sample: Sample) -> None:
        """Keep the sample of the next round, as a warm-up while there are not enough of these."""
        if self.is_warming_up:
            self.warmups.append(sample)
            return
        self.samples.append(sample)
        self._good = len(undisturbed([Round.of(earlier) for earlier in self.samples]))

    def begin(self) -> None:
        """Begin the next timed round. Raises EnoughRounds when the protocol's are measured, or its budget is spent."""
        if self._began_s is None:
            self._began_s = time.monotonic()
        if self._protocol.enough(self._good, len(self.samples), time.monotonic() - self._began_s):
            raise EnoughRounds

    def describe_next(self) -> str:
        """Return what the next generation is, for a progress line."""
        if self.is_warming_up:
            return f"warm-up, {self._protocol.warmup_steps} steps"
        noted = f", {self.disturbed} disturbed so far" if self.disturbed else ""
        return f"round {self._good + 1}/{self._protocol.rounds}{noted}"

    def summary(self) -> str:
        """Return the median of the timed rounds, and of how many it is."""
        median_s = statistics.median(sample.latency_s for sample in self.samples)
        noted = f", {self.disturbed} of them disturbed" if self.disturbed else ""
        if self._protocol.is_throughput:
            windows = f"{len(self.samples)} window{'s' if len(self.samples) > 1 else ''}"
            return f"{60 / median_s:.3g} images/min, median of {windows}{noted}"
        return f"{median_s:.3g} s/image, median of {len(self.samples)}{noted}"

    def left_s(self, done: float) -> float | None:
        """Return the seconds to the end of the row, with so much of a round done; None before the first one's end."""
        if not self.samples or self._began_s is None:
            return None
        protocol = self._protocol
        round_s = statistics.median(sample.latency_s for sample in self.samples)
        elapsed_s = time.monotonic() - self._began_s
        by_budget = self._good + max(0.0, protocol.budget_s - elapsed_s) / round_s
        rounds = min(protocol.rounds, max(protocol.min_rounds, by_budget))
        return max(0.0, (rounds - self._good - done) * round_s)
