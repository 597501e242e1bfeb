"""One variant in two stacks, measured in turns by pairs of workers: what pytest-benchmark calls and what comes of it.

Both workers of a pair are alive, and their generations are made together, part by part in the order ABBA: text encoder,
each UNet step, VAE, checker. One worker runs at a time, and whatever the machine does meanwhile happens to both. Where
two workers do not fit in memory, whole sessions alternate instead, in the same order.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from perf.compare.stack_pair import Role, StackPair
from perf.errors import WorkerError
from perf.host import linux
from perf.measure.measurement import EnoughRounds, Inspection, Measurement
from perf.measure.run import Run
from perf.records.sample import Sample
from perf.spec.variant import Variant
from perf.stats import paired_comparison
from perf.stats.paired_comparison import FEWEST_WORKERS, LOOKS, PAIRS_PER_WORKERS, Comparison, PairedVerdict
from perf.stats.pairs import Pair, grouped, undisturbed
from perf.stats.watch import LATENCY

AGAIN = 2  # as many pairs at most, times the wanted ones, where some are disturbed
ROOM = 1.15  # of the first worker's peak, free for a second one
EXPORTED_S = 1.0  # an export takes a minute, to find one in the cache no time


class CandidateTime:
    """What pytest-benchmark times a pair by: the seconds in which candidates have generated, and no others."""

    _total_s = 0.0

    @classmethod
    def now(cls) -> float:
        return cls._total_s

    @classmethod
    def add(cls, latency_s: float) -> None:
        cls._total_s += latency_s


@dataclass(kw_only=True)
class WorkerPair:
    """A pair of workers, of which one at a time may be alive, and what they have generated."""

    number: int
    measurements: dict[Role, Measurement]
    resources: contextlib.ExitStack
    begun: int = 0
    good: int = 0

    @property
    def order(self) -> tuple[Role, Role]:
        """Who goes first alternates. The first of all is the candidate, alone while it may have an export to make."""
        return (Role.CANDIDATE, Role.REFERENCE) if self.number % 2 else (Role.REFERENCE, Role.CANDIDATE)


class PairedRun:
    """``next_pair``, ``generate`` and ``finish_pair`` are the setup, target and teardown of ``benchmark.pedantic``.

    ``first`` are the measurements of the first pair of workers, by role, and ``inspections`` what those two showed of
    themselves; ``pairs`` is what was measured.
    """

    def __init__(self, variant: Variant, stack_pair: StackPair, run: Run, budget_s: float) -> None:
        self.variant = variant
        self.stack_pair = stack_pair
        self.pairs: list[Pair] = []
        self.loads_s: list[dict[Role, float]] = []
        self.first: dict[Role, Measurement] = {}
        self.inspections: dict[Role, Inspection] = {}
        self.memory_shortage: str | None = None
        self._run = run
        self._budget_s = budget_s
        self._began_s = time.monotonic()
        self._workers: WorkerPair | None = None
        self._samples: dict[Role, list[Sample]] = {Role.REFERENCE: [], Role.CANDIDATE: []}
        self._comparison: Comparison | None = None

    @property
    def most_pairs(self) -> int:
        return AGAIN * LOOKS * PAIRS_PER_WORKERS

    @property
    def comparison(self) -> Comparison:
        """What may be said of the latency. Raises a WorkerError where no pair could be measured undisturbed."""
        if self._comparison is None:
            raise WorkerError(self.variant.name, "other work ran beside every pair, so nothing can be said")
        return self._comparison

    def next_pair(self) -> None:
        """Start a fresh pair of workers where the last one has done its part. Raises EnoughRounds, a WorkerError."""
        if self._workers and self._has_done(self._workers):
            self._end_workers()
            if self._is_enough():
                raise EnoughRounds
        if self._workers is None:
            self._workers = self._start_workers()
        self._workers.begun += 1
        self._run.bench.progress.begin(self.variant.name, f"pair {len(self.pairs) + 1}")

    def generate(self) -> None:
        """A pair of generations, or the candidate's of it. Raises a WorkerError."""
        workers = self._current
        if self.memory_shortage:
            sample = workers.measurements[Role.CANDIDATE].generate(self._run.bench.protocol.steps)
            self._samples[Role.CANDIDATE].append(sample)
        else:
            # A part that follows one's own last part finds the caches warm, so whose turn that is alternates too.
            order = workers.order if len(self.pairs) % 2 == 0 else workers.order[::-1]
            first, second = (workers.measurements[role] for role in order)
            made = dict(zip(order, in_turns(first, second), strict=True))
            self._add(Pair(workers=workers.number, reference=made[Role.REFERENCE], candidate=made[Role.CANDIDATE]))
            sample = made[Role.CANDIDATE]
        CandidateTime.add(sample.latency_s)

    def finish_pair(self) -> None:
        """Where sessions alternate: the reference's, if it comes second, and the pairs of the two sessions."""
        workers = self._current
        if self.memory_shortage and workers.begun == PAIRS_PER_WORKERS:
            if workers.order[0] is Role.CANDIDATE:
                self._end(Role.CANDIDATE)
                self._whole_session(Role.REFERENCE)
            for reference, candidate in zip(
                *(self._samples[role] for role in (Role.REFERENCE, Role.CANDIDATE)), strict=True
            ):
                self._add(Pair(workers=workers.number, reference=reference, candidate=candidate))

    def all_pairs(self) -> None:
        """Measure without pytest-benchmark. Raises a WorkerError."""
        with self.rounds():
            while True:
                self.next_pair()
                self.generate()
                self.finish_pair()

    @contextlib.contextmanager
    def rounds(self) -> Iterator[None]:
        """Around ``benchmark.pedantic``: ends quietly when enough is known, and the workers in any case."""
        try:
            with contextlib.suppress(EnoughRounds):
                yield
        finally:
            if self._workers:
                self._workers.resources.close()

    @property
    def _current(self) -> WorkerPair:
        assert self._workers is not None, "next_pair has started it"
        return self._workers

    def _start_workers(self) -> WorkerPair:
        self._run.end_workers()
        self._samples = {Role.REFERENCE: [], Role.CANDIDATE: []}
        self._workers = WorkerPair(number=len(self.loads_s) + 1, measurements={}, resources=contextlib.ExitStack())
        first, second = self._workers.order
        self.loads_s.append({})
        self._start(first)
        self.memory_shortage = self.memory_shortage or self._why_apart(first)
        if self.memory_shortage and first is Role.REFERENCE:
            self._whole_session(Role.REFERENCE, started=True)
        if not self.memory_shortage or first is Role.REFERENCE:
            self._start(second)
        return self._workers

    def _start(self, role: Role) -> None:
        """Load and warm up a worker of this pair. One that has exported the model is unlike others, and replaced."""
        measurement = self._load(role)
        if measurement.session.export_s > EXPORTED_S:
            measurement.end()
            measurement = self._load(role)
        self._current.measurements[role] = measurement
        self.loads_s[-1][role] = measurement.session.load_s
        measurement.warm_up()

    def _load(self, role: Role) -> Measurement:
        workers, stack = self._current, self.stack_pair.of(role)
        beside = self._run.measuring_beside(self.variant, stack, role, workers.number)
        return workers.resources.enter_context(beside)

    def _end(self, role: Role) -> None:
        """End a worker; inspect it before that if it is of the first pair."""
        measurement = self._current.measurements[role]
        if self._current.number == 1:
            self.inspections[role] = measurement.inspect()
            self.first[role] = measurement
        measurement.end()

    def _whole_session(self, role: Role, *, started: bool = False) -> None:
        if not started:
            self._start(role)
        for _ in range(PAIRS_PER_WORKERS):
            sample = self._current.measurements[role].generate(self._run.bench.protocol.steps)
            self._samples[role].append(sample)
        self._end(role)

    def _why_apart(self, first: Role) -> str | None:
        """Why a second worker does not fit beside the one that has just warmed up; None if it does, or nobody knows."""
        peak = self._current.measurements[first].session.warmup_peak_rss_bytes
        if peak is None:
            return None
        free = psutil.virtual_memory().available
        if limit := linux.memory_limit_bytes():
            free = min(free, limit - peak)
        if free >= ROOM * peak:
            return None
        why = f"two workers do not fit in memory ({peak / 1e9:.1f} GB each, {free / 1e9:.1f} GB free)"
        self._run.say(f"{self.variant.name}: {why}: whole sessions alternate")
        return why

    def _add(self, pair: Pair) -> None:
        self.pairs.append(pair)
        of_these_workers = [pair for pair in self.pairs if pair.workers == self._current.number]
        self._current.good = len(undisturbed(of_these_workers))

    def _has_done(self, workers: WorkerPair) -> bool:
        most = PAIRS_PER_WORKERS * (1 if self.memory_shortage else AGAIN)
        return workers.begun >= most or workers.good >= PAIRS_PER_WORKERS

    def _end_workers(self) -> None:
        """Inspect the workers that are still alive after their last pair, end them, and say how it stands."""
        workers = self._current
        for role in (Role.REFERENCE, Role.CANDIDATE):
            if role not in self.first or workers.number > 1:
                self._end(role)
        workers.resources.close()
        self._workers = None
        if groups := grouped(self.pairs, LATENCY.name):
            self._comparison = paired_comparison.compare(groups)
            self._run.say(f"{self.variant.name}: {self._comparison}")

    def _is_enough(self) -> bool:
        begun = len(self.loads_s)
        if begun >= LOOKS or (self._comparison and self._comparison.verdict is not PairedVerdict.UNDECIDED):
            return True
        return begun >= FEWEST_WORKERS and time.monotonic() - self._began_s >= self._budget_s


def in_turns(first: Measurement, second: Measurement) -> tuple[Sample, Sample]:
    """A generation of each, one running at a time: first, second, second, first and so on. Raises a WorkerError."""
    made: dict[Measurement, Sample] = {}
    for one in (first, second):
        one.begin_in_turns()
    for number in itertools.count():
        for one in (first, second) if number % 2 == 0 else (second, first):
            if one not in made and (sample := one.take_turn()):
                made[one] = sample
        if len(made) == 2:
            return made[first], made[second]
    raise AssertionError("itertools.count never ends")
