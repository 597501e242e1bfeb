"""A row of a run that was cut, told to pytest-benchmark as if it were measured now."""

from __future__ import annotations

import contextlib

from perf.gate.finished_row import FinishedRow
from perf.measure.pedantic import clock
from perf.measure.progress import Progress
from perf.spec.variant import Variant


class ResumedRow:
    """One of pedantic's Timed: a round takes as long by the clock as it took when it was measured, and no time."""

    def __init__(self, row: FinishedRow, progress: Progress) -> None:
        self.row = row
        self._progress = progress
        timed = [pair.candidate for pair in row.paired.pairs] if row.paired else row.session.samples
        self._latencies_s = [sample.latency_s for sample in timed or row.session.samples]
        self._rounds = iter(self._latencies_s)

    @property
    def variant(self) -> Variant:
        return self.row.variant

    @property
    def warmup_rounds(self) -> int:
        """None: nothing is measured."""
        return 0

    @property
    def most_rounds(self) -> int:
        """As many as were timed."""
        return len(self._latencies_s)

    def rounds(self) -> contextlib.AbstractContextManager[None]:
        """Say once that the row is not measured again."""
        self._progress.line(f"{self.variant.name}: measured by {self.row.recorded}, before the run was cut")
        return contextlib.nullcontext()

    def next_round(self) -> None:
        """Do nothing."""

    def generate(self) -> None:
        """Let the clock go on by what the round took."""
        clock.advance(next(self._rounds))

    def finish_round(self) -> None:
        """Do nothing."""
