"""A row measured in turns with its anchor, after a session alone, which any row of the ladder has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import judge
from perf.compare.side_pair import Role, Side
from perf.errors import WorkerError
from perf.gate.anchor import ReferenceSide
from perf.measure.measurement import Inspection
from perf.measure.pedantic import EnoughRounds
from perf.measure.run import Run
from perf.records.sample import Session
from perf.spec.variant import Variant


class AnchoredRun:
    """The measurement of one row beside its anchor, one of pedantic's Timed: each round is a pair.

    ``failure`` is why a reference could not be measured, None where all could. The pairs of the workers before it
    judge; where it was the first, there is the candidate's session alone, by which memory may.
    """

    def __init__(self, variant: Variant, reference: ReferenceSide, run: Run) -> None:
        self.variant = variant
        self._caveats = reference.caveats
        self.failure: str | None = None
        self._run = run
        self._rounds = 0
        sides = reference.pair_with(Side(variant=variant, stack=run.stacks[variant.stack]))
        self._pairs = PairedRun(sides, run, run.settings.pairs_budget_s, is_ladder_row=True)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What of the anchor could not be had."""
        return (*self._caveats, f"no further pairs: {self.failure}") if self.failure else self._caveats

    @property
    def warmup_rounds(self) -> int:
        """None: the workers warm up in the setup of their first round."""
        return self._pairs.warmup_rounds

    @property
    def most_rounds(self) -> int:
        """How many rounds there are at most."""
        return self._pairs.most_rounds

    @property
    def session(self) -> Session:
        """The candidate's session alone, once it is over."""
        assert self._pairs.alone is not None, "it comes before the first pair"
        return self._pairs.alone

    @property
    def recorded(self) -> str | None:
        """When that session ended, in ISO 8601."""
        return self._pairs.alone_recorded

    @property
    def inspection(self) -> Inspection:
        """What the candidate of that session showed of itself, once the rounds are over."""
        return self._pairs.inspections[Role.CANDIDATE]

    def rounds(self) -> contextlib.AbstractContextManager[None]:
        """Surround all rounds, end quietly when enough is known, and the workers in any case."""
        return self._pairs.rounds()

    def next_round(self) -> None:
        """Prepare a pair. Raises EnoughRounds, or a WorkerError of the candidate."""
        if not self.failure:
            with self._noting_a_failed_reference():
                self._pairs.next_round()
        if self.failure and self._rounds:
            self._pairs.end_candidate()
            raise EnoughRounds

    def generate(self) -> None:
        """Make what is timed of a pair. Raises a WorkerError of the candidate.

        pytest-benchmark cannot do without a round: where there was no pair, it times the candidate alone.
        """
        self._rounds += 1
        if self.failure:
            self._pairs.generate_alone()
            return
        with self._noting_a_failed_reference():
            self._pairs.generate()

    def finish_round(self) -> None:
        """Make what is not timed of a pair. Raises a WorkerError of the candidate."""
        if not self.failure:
            with self._noting_a_failed_reference():
                self._pairs.finish_round()

    def result(self) -> ComparedRow | None:
        """Return what the pairs have shown, after the last; None where the first reference has failed."""
        if self.failure and not self._pairs.has_ended_workers:
            return None
        return judge(self._pairs, self._run)

    @contextlib.contextmanager
    def _noting_a_failed_reference(self) -> Iterator[None]:
        """Note that the reference has failed, which is no fault of the row's, and finish the candidate's generation."""
        try:
            yield
        except WorkerError as error:
            if error.variant != self._pairs.side_pair.name_in_errors(Role.REFERENCE):
                raise
            self.failure = f"the anchor's worker failed: {error.headline}"
            self._run.say(f"{self.variant.name}: {self.failure}")
            self._pairs.finish_candidate()
