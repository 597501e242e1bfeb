"""The two strategies of a pair of workers: who is started, generates and ends when, and which pairs come of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import cast

import psutil
import pytest

from perf.compare.in_turns import InTurns, generate_in_turns
from perf.compare.paired_run import PairedRun
from perf.compare.side_pair import Role
from perf.compare.strategy import Strategy
from perf.compare.whole_sessions import WholeSessions, memory_shortage
from perf.compare.worker_pair import WorkerPair
from perf.host import linux
from perf.host.stack import Stack
from perf.measure.measurement import Measurement
from perf.measure.run import Run
from perf.records.sample import Sample
from perf.spec.variant import Variant
from perf.stats.paired_comparison import PAIRS_PER_WORKERS
from perf.stats.paired_rule import MOST_ROUNDS
from tests.builders.samples import sample
from tests.builders.sides import rows, stacks

GB = 10**9
NO_RUN = cast("Run", None)
ONE_ROW = stacks("eager-fp32")
TWO_ROWS = rows("ipex-bf16", "eager-fp32")
SECONDS = {Role.REFERENCE: 1.0, Role.CANDIDATE: 2.0}


class PartByPart(Measurement):
    """A worker whose generations have so many parts, and that notes when it makes one."""

    def __init__(self, name: str, parts: int, notes: list[str]) -> None:
        self._name, self._parts, self._notes = name, parts, notes

    def begin_in_turns(self) -> None:
        self._left = self._parts

    def take_turn(self) -> Sample | None:
        self._notes.append(self._name)
        self._left -= 1
        return None if self._left else sample(SECONDS[Role(self._name)])


class NotingWorkers(WorkerPair):
    """A pair of workers that notes what is asked of it, and asserts that it can be done."""

    def __init__(self, number: int) -> None:
        super().__init__(number, ONE_ROW, NO_RUN)
        self.notes: list[str] = []

    def start(self, role: Role) -> None:
        self._alive.add(role)
        self.measurements[role] = PartByPart(role, 2, self.notes)
        self.notes.append(f"start {role}")

    def generate(self, role: Role) -> Sample:
        assert self._alive == {role}, "only one is to be alive where memory is short"
        self.notes.append(role)
        return sample(SECONDS[role] + len(self.notes) / 1000)

    def end(self, role: Role) -> None:
        if role in self._alive:
            self._alive.remove(role)
            self.notes.append(f"end {role}")


def play(workers: NotingWorkers, strategy: Strategy) -> None:
    """Call the hooks as PairedRun does, until the strategy is done."""
    strategy.begin()
    for _ in range(100):
        strategy.generate()
        strategy.finish()
        if strategy.is_done:
            return
    raise AssertionError("it is never done")


def session_of(role: str) -> list[str]:
    return [f"start {role}", *[role] * PAIRS_PER_WORKERS, f"end {role}"]


@pytest.mark.parametrize(("number", "order"), [(1, ("candidate", "reference")), (2, ("reference", "candidate"))])
def test_whole_sessions_follow_each_other_and_their_order_alternates(number: int, order: Sequence[str]) -> None:
    workers = NotingWorkers(number)
    workers.start(workers.order[0])
    strategy = WholeSessions(workers)
    play(workers, strategy)
    assert workers.notes == [*session_of(order[0]), *session_of(order[1])]


@pytest.mark.parametrize("number", [1, 2])
def test_the_pairs_of_two_sessions_are_made_of_their_generations_in_order(number: int) -> None:
    workers = NotingWorkers(number)
    workers.start(workers.order[0])
    strategy = WholeSessions(workers)
    play(workers, strategy)
    assert [pair.workers for pair in strategy.pairs] == [number] * PAIRS_PER_WORKERS
    for role in Role:
        latencies = [getattr(pair, role).latency_s for pair in strategy.pairs]
        assert latencies == sorted(set(latencies))
        assert latencies[0] == pytest.approx(SECONDS[role], abs=0.1)


def test_no_pair_is_kept_of_a_session_that_was_not_finished() -> None:
    workers = NotingWorkers(1)
    workers.start(Role.CANDIDATE)
    strategy = WholeSessions(workers)
    strategy.begin()
    strategy.generate()
    strategy.finish()
    assert (strategy.pairs, strategy.is_done) == ([], False)


@pytest.mark.parametrize("number", [1, 2])
def test_in_turns_both_are_alive_and_the_first_turn_alternates(number: int) -> None:
    workers = NotingWorkers(number)
    workers.start(workers.order[0])
    strategy = InTurns(workers)
    play(workers, strategy)
    first, second = map(str, workers.order)
    assert workers.notes[:2] == [f"start {first}", f"start {second}"]
    one_pair, next_pair = [first, second, second, first], [second, first, first, second]
    assert workers.notes[2:] == [*one_pair, *next_pair, *one_pair]
    assert [(pair.reference.latency_s, pair.candidate.latency_s) for pair in strategy.pairs] == [(1.0, 2.0)] * 3


def first_turns(number: int, pairs: int) -> list[str]:
    """Return who has the first turn of each pair that the workers of this number make."""
    workers = NotingWorkers(number)
    workers.start(workers.order[0])
    strategy = InTurns(workers, pairs)
    play(workers, strategy)
    return workers.notes[2::4]


@pytest.mark.parametrize("pairs", [2, 3, 4])
def test_both_have_the_first_turn_equally_often(pairs: int) -> None:
    """Within a pair of workers but for one turn, and over two of them for good."""
    turns = [first_turns(number, pairs) for number in (1, 2)]
    for of_workers in turns:
        assert abs(of_workers.count("candidate") - of_workers.count("reference")) <= 1
    both = [*turns[0], *turns[1]]
    assert both.count("candidate") == both.count("reference") == pairs


def test_the_same_workers_make_more_when_asked() -> None:
    workers = NotingWorkers(1)
    workers.start(workers.order[0])
    strategy = InTurns(workers, 2)
    play(workers, strategy)
    assert (len(strategy.pairs), strategy.can_go_on) == (2, True)
    strategy.ask_for(3)
    for made in (3, 4, 5):
        strategy.generate()
        assert (len(strategy.pairs), strategy.is_done) == (made, made == 5)
    assert {pair.workers for pair in strategy.pairs} == {1}
    assert all(pair.seconds is not None for pair in strategy.pairs)


def test_sessions_that_have_ended_cannot_go_on() -> None:
    strategy = WholeSessions(NotingWorkers(1))
    assert not strategy.can_go_on
    with pytest.raises(NotImplementedError):
        strategy.ask_for(1)


def test_who_has_more_parts_makes_the_rest_alone() -> None:
    notes: list[str] = []
    first, second = PartByPart("candidate", 5, notes), PartByPart("reference", 2, notes)
    samples = generate_in_turns(first, second)
    assert [made.latency_s for made in samples] == [2.0, 1.0]
    assert notes == ["candidate", "reference", "reference", "candidate", *["candidate"] * 3]


@pytest.mark.parametrize(
    ("available", "limit", "expected"),
    [
        (12 * GB, None, None),
        (11 * GB, None, "two workers do not fit in memory (10.0 GB each, 11.0 GB free)"),
        (99 * GB, 22 * GB, None),
        (99 * GB, 20 * GB, "two workers do not fit in memory (10.0 GB each, 10.0 GB free)"),
    ],
)
def test_a_second_worker_needs_the_firsts_peak_and_some_room(
    available: int, limit: int | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
    monkeypatch.setattr(linux, "memory_limit_bytes", lambda: limit)
    assert memory_shortage(10 * GB, 10 * GB) == expected
    assert memory_shortage(None, 10 * GB) is None
    assert memory_shortage(10 * GB, None) is None


def test_another_row_needs_its_own_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10 * GB))
    monkeypatch.setattr(linux, "memory_limit_bytes", lambda: 16 * GB)
    assert memory_shortage(10 * GB, 5 * GB) is None
    assert memory_shortage(5 * GB, 10 * GB) == "two workers do not fit in memory (5.0 and 10.0 GB, 10.0 GB free)"


def test_the_strategy_is_chosen_by_the_first_workers_peak_and_whole_sessions_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    run = cast("Run", SimpleNamespace(say=said.append, parts=()))
    paired_run = PairedRun(ONE_ROW, run, budget_s=0.0)
    monkeypatch.setattr(linux, "memory_limit_bytes", lambda: None)

    def strategy_for(peak: int, available: int) -> Strategy:
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
        workers = NotingWorkers(1)
        session = SimpleNamespace(warmup_peak_rss_bytes=peak)
        workers.measurements[Role.CANDIDATE] = cast("Measurement", SimpleNamespace(session=session))
        return paired_run._choose_strategy(workers, PAIRS_PER_WORKERS)

    assert isinstance(strategy_for(10 * GB, 20 * GB), InTurns)
    assert isinstance(strategy_for(10 * GB, 5 * GB), WholeSessions)
    assert isinstance(strategy_for(10 * GB, 20 * GB), WholeSessions)
    assert len(said) == 1
    assert said[0].endswith("(10.0 GB each, 5.0 GB free): whole sessions alternate")


def test_a_reference_that_is_another_row_is_rehearsed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its memory is known, and its export made, before it is started beside the candidate."""
    notes: list[str] = []

    @contextlib.contextmanager
    def measuring(variant: Variant, _: Stack, role: str, number: int, *__: object, **___: object) -> Iterator[object]:
        notes.append(f"start {variant.name} {role} {number}")
        session = SimpleNamespace(export_s=0.0, load_s=1.0, warmup_peak_rss_bytes=7 * GB)
        yield SimpleNamespace(session=session, warm_up=lambda: notes.append("warm up"))
        notes.append("end")

    run = cast("Run", SimpleNamespace(measuring_beside=measuring))
    of_stacks = PairedRun(ONE_ROW, run, budget_s=0.0)
    of_stacks._rehearse()
    assert (notes, of_stacks._peaks_bytes) == ([], {})
    of_rows = PairedRun(TWO_ROWS, run, budget_s=0.0)
    of_rows._rehearse()
    assert notes == ["start ipex-bf16 reference 0", "warm up", "end"]
    assert of_rows._peaks_bytes == {Role.REFERENCE: 7 * GB}


def test_the_last_workers_pairs_are_counted_where_every_round_is_used() -> None:
    """pytest-benchmark calls no setup after its last round, and it is the setup that counts the workers' pairs."""
    paired_run = PairedRun(ONE_ROW, NO_RUN, budget_s=0.0)
    assert paired_run.most_rounds == MOST_ROUNDS + 1
