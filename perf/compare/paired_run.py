"""Two sides measured by pairs of workers: what pytest-benchmark calls and what comes of it.

One worker runs at a time. Where two fit in memory they take turns at every part, so that whatever the machine does
meanwhile happens to both (in_turns); elsewhere, and where a backend cannot be stopped between two parts, whole sessions
alternate (whole_sessions). Which of the two is known once the first worker has warmed up.

The pairs are looked at when the workers have made what was asked of them. If that does not decide, the same workers are
asked for more, or fresh ones are started, whichever narrows the interval faster (perf.stats.paired_plan).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping

from perf.compare.in_turns import InTurns
from perf.compare.other_quantities import compare_others, seemingly_worse
from perf.compare.side_pair import Role, SidePair
from perf.compare.strategy import Strategy
from perf.compare.whole_sessions import WholeSessions, memory_shortage
from perf.compare.worker_pair import WorkerPair
from perf.measure.group import Group
from perf.measure.measurement import Inspection, Measurement
from perf.measure.pedantic import EnoughRounds, all_rounds
from perf.measure.run import Run
from perf.records.sample import Session
from perf.records.session_record import now
from perf.stats import paired_rule
from perf.stats.paired_comparison import LOOKS, Comparison
from perf.stats.paired_plan import NextPairs
from perf.stats.paired_rule import FIRST, MOST_ROUNDS, PairedRule
from perf.stats.pairs import Pair
from perf.stats.watch import LATENCY, PLAIN_LATENCY

REHEARSAL = 0  # the number of workers that make no pair


class PairedRun:
    """One paired measurement, one of pedantic's Timed: each round is a pair. ``variant`` is the candidate's row.

    ``why_apart`` is why whole sessions alternate, or None; groups of instances need not stop between two parts.
    ``budget_s`` is the time after which nothing more is measured, although it may be undecided. ``starts_s`` are the
    seconds that each pair of workers took to load and warm up, and ``seconds`` those from the first worker's start to
    the last look. ``alone`` is the session that the first candidate has before it meets a reference, as any row of a
    ladder has, if it is to have one (``is_ladder_row``), and ``alone_recorded`` when it ended.
    """

    def __init__(self, side_pair: SidePair, run: Run, budget_s: float, *, is_ladder_row: bool = False) -> None:
        self.side_pair = side_pair
        self.variant = side_pair.candidate.variant
        self.why_apart: str | None = None
        self.alone: Session | None = None
        self.alone_recorded: str | None = None
        self._is_ladder_row = is_ladder_row
        self._run = run
        self.starts_s: list[float] = []
        self.seconds = 0.0
        self._began_s: float | None = None
        self._rule = PairedRule(budget_s)
        self._rounds = 0
        self._workers: list[WorkerPair] = []
        self._strategies: list[Strategy] = []
        self._peaks_bytes: dict[Role, int | None] = {}

    @property
    def warmup_rounds(self) -> int:
        """None: the workers warm up in the setup of their first round."""
        return 0

    @property
    def most_rounds(self) -> int:
        """How many rounds to ask of ``benchmark.pedantic``: those that there are at most, and one.

        The setup of the one is never followed by a pair: it counts those of the last workers.
        """
        return MOST_ROUNDS + 1

    @property
    def tolerances(self) -> Mapping[str, float]:
        """The changes that matter in this row, as fractions, by quantity."""
        return self._run.settings.tolerances.of_row(self.variant.name)

    @property
    def pairs(self) -> list[Pair]:
        """What was measured, in order of time."""
        return [pair for strategy in self._strategies for pair in strategy.pairs]

    @property
    def loads_s(self) -> list[dict[Role, float]]:
        """Seconds that the workers took to load, by pair of workers."""
        return [workers.loads_s for workers in self._workers]

    @property
    def first(self) -> Mapping[Role, Measurement | Group]:
        """The measurements of the first pair of workers."""
        return self._workers[0].measurements

    @property
    def inspections(self) -> Mapping[Role, Inspection]:
        """What the first pair of workers showed of themselves, once they have ended."""
        return self._workers[0].inspections

    @property
    def has_ended_workers(self) -> bool:
        """Whether the first pair of workers has made its part, and what there is can be judged."""
        return len(self._workers) > 0 and self.inspections.keys() == set(Role)

    @property
    def comparison(self) -> Comparison | None:
        """What may be said of the latency; None where other work ran during every pair."""
        return self._rule.comparison

    @property
    def others(self) -> dict[str, Comparison]:
        """What may be said of everything else that is watched, by name."""
        return compare_others(self.pairs, self.loads_s, self.tolerances)

    def next_round(self) -> None:
        """Start a fresh pair of workers where the last one has done its part. Raises EnoughRounds, a WorkerError."""
        if not self._strategies:
            self._start_workers(FIRST)
        elif self._strategies[-1].is_done or self._is_late():
            self._go_on()
        self._rounds += 1
        self._run.bench.progress.begin(self.variant.name, f"pair {self._rounds}")

    def generate(self) -> None:
        """Make what is timed of a pair: both generations in turns, or the candidate's. Raises a WorkerError."""
        self._strategies[-1].generate()

    def finish_round(self) -> None:
        """Make what is not timed of a pair. Raises a WorkerError."""
        self._strategies[-1].finish()

    def generate_alone(self) -> None:
        """Make a generation of the candidate by itself. Raises a WorkerError."""
        self._workers[-1].generate(Role.CANDIDATE)

    def finish_candidate(self) -> None:
        """Finish the candidate's part of a pair, if it has begun one, without the reference. Raises a WorkerError."""
        if candidate := self._workers[-1].measurements.get(Role.CANDIDATE):
            candidate.finish_turns()

    def end_candidate(self) -> None:
        """Inspect and end the last candidate, where it is alive. Raises a WorkerError."""
        self._workers[-1].end(Role.CANDIDATE)

    @contextlib.contextmanager
    def rounds(self) -> Iterator[None]:
        """Surround ``benchmark.pedantic``: end quietly when enough is known, and the workers in any case."""
        try:
            with contextlib.suppress(EnoughRounds):
                yield
        finally:
            for workers in self._workers:
                workers.close()

    def is_due(self) -> bool:
        """Tell whether to look at what there is now."""
        return self._rule.is_due(len(self._workers), self.elapsed_s)

    def is_enough(self) -> bool:
        """Tell whether to stop after this look."""
        return self._rule.is_enough(len(self._workers), self.elapsed_s) and not self._must_confirm()

    def next_pairs(self) -> NextPairs:
        """Return what is to be measured next."""
        if self._must_confirm():
            return FIRST
        return paired_rule.next_pairs(self.pairs, self.starts_s, can_go_on=self._strategies[-1].can_go_on)

    def _must_confirm(self) -> bool:
        """Tell whether something else seems to be worse, also where the latency is: that may be known already.

        Another row has other parts and another memory, and the question is which one is faster.
        """
        if self._rule.looks >= LOOKS or self._rule.is_over_budget(len(self._workers), self.elapsed_s):
            return False
        worse = seemingly_worse(self.comparison, self.others)
        return PLAIN_LATENCY.name in worse if self.side_pair.has_two_rows else bool(worse)

    @property
    def elapsed_s(self) -> float:
        """The seconds since the first worker was started."""
        return time.monotonic() - (self._began_s or time.monotonic())

    def _is_late(self) -> bool:
        return self._rule.is_late(len(self._workers), self.elapsed_s, self._strategies[-1].pairs)

    def _go_on(self) -> None:
        """Look, and ask the workers for more, or replace them. Raises EnoughRounds, with none alive, or a WorkerError.

        The last looks are saved until there are more workers.
        """
        is_due = self.is_due()
        if is_due:
            self._look()
        enough = is_due and self.is_enough()
        following = FIRST if enough else self.next_pairs()
        if not enough and not following.is_fresh:
            self._strategies[-1].ask_for(following.pairs)
            return
        self._end_workers()
        if enough:
            raise EnoughRounds
        self._start_workers(following)

    def _start_workers(self, following: NextPairs) -> None:
        self._run.end_workers()
        if self._began_s is None:
            self._began_s = time.monotonic()
            self._rehearse()
        began_s = time.monotonic()
        workers = WorkerPair(len(self._workers) + 1, self.side_pair, self._run)
        self._workers.append(workers)
        workers.start(workers.order[0])
        alone_s = self._measure_alone(workers)
        strategy = self._choose_strategy(workers, following.pairs)
        strategy.begin()
        self._strategies.append(strategy)
        self.starts_s.append(time.monotonic() - began_s - alone_s)

    def _rehearse(self) -> None:
        """Load and warm up a reference that is another row by itself, and end it.

        So its memory is known before it is started beside the candidate, and it has no export to make there.
        """
        if not self.side_pair.has_two_rows:
            return
        with contextlib.closing(WorkerPair(REHEARSAL, self.side_pair, self._run)) as workers:
            workers.start(Role.REFERENCE)
            self._note_peak(workers, Role.REFERENCE)

    def _note_peak(self, workers: WorkerPair, role: Role) -> None:
        self._peaks_bytes[role] = workers.measurements[role].session.warmup_peak_rss_bytes

    def _measure_alone(self, workers: WorkerPair) -> float:
        """Let a ladder's first candidate have its session, and return the seconds that it took: no part of the pairs'.

        It has started first of the two, so no other worker is alive.
        """
        if not self._is_ladder_row or self.alone:
            return 0.0
        began_s = time.monotonic()
        candidate = workers.measurements[Role.CANDIDATE]
        all_rounds(candidate)
        self.alone = candidate.session
        self.alone_recorded = now()
        alone_s = time.monotonic() - began_s
        self._began_s = (self._began_s or began_s) + alone_s
        return alone_s

    def _choose_strategy(self, workers: WorkerPair, pairs: int) -> Strategy:
        """Let two workers take turns where both can, while memory allows, and never again once it was short."""
        if self.why_apart is None:
            first, second = workers.order
            self._note_peak(workers, first)
            peak_bytes = self._peaks_bytes[first]
            shortage = memory_shortage(peak_bytes, self._peaks_bytes.get(second, peak_bytes))
            self.why_apart = shortage if self._run.parts else self.side_pair.why_apart or shortage
            if self.why_apart:
                self._run.say(f"{self.variant.name}: {self.why_apart}: whole sessions alternate")
        if self.why_apart:
            return WholeSessions(workers)
        return InTurns(workers, pairs)

    def _end_workers(self) -> None:
        """End the last workers, the first pair inspected."""
        workers = self._workers[-1]
        for role in Role:
            workers.end(role)
        workers.close()

    def _look(self) -> None:
        """Compare what there is, and announce the comparison as it stands."""
        comparison = self._rule.look(self.pairs, self.tolerances[LATENCY.name])
        self.seconds = self.elapsed_s
        if comparison:
            self._run.say(f"{self.variant.name}: {comparison}")
