"""pytest-benchmark's pedantic mode, where it is used in ways that its documentation does not name.

It fixes the number of rounds beforehand, but how many are needed only shows while they are measured. The only way out
of its loop is to raise, and what is an Exception marks the benchmark as failed (``has_error``), which leaves it out of
the JSON. And it times the whole of a round, while of two workers in turns only one is the row's: its timer is a Clock,
which can be held. tests/measure/test_pedantic.py fails by name where a release of pytest-benchmark changes that.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pytest
    from pytest_benchmark.fixture import BenchmarkFixture


class EnoughRounds(BaseException):
    """The way out of pedantic's loop, raised by a round's setup when no more are needed; the earlier rounds count."""


class Timed(Protocol):
    """What is timed round by round: the setup, the target and the teardown of ``benchmark.pedantic``."""

    @property
    def warmup_rounds(self) -> int:
        """How many rounds come before the timed ones."""

    @property
    def most_rounds(self) -> int:
        """How many rounds there are at most; EnoughRounds ends them earlier."""

    def rounds(self) -> contextlib.AbstractContextManager[None]:
        """Surround all rounds, and end quietly on EnoughRounds."""

    def next_round(self) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Prepare a round, and return the arguments of ``generate``, if any. Raises EnoughRounds, a WorkerError."""

    def generate(self, *arguments: Any) -> object:
        """Do what is timed. Raises a WorkerError."""

    def finish_round(self, *arguments: Any) -> None:
        """Do what comes after a round, with the arguments of ``generate``. Raises a WorkerError."""


class Clock:
    """A timer for pytest-benchmark that stands still while it is held.

    ``read`` is the clock that it follows otherwise, in seconds.
    """

    def __init__(self, read: Callable[[], float] = time.perf_counter) -> None:
        self._read = read
        self._missed_s = 0.0  # while it was held, up to now
        self._held_since_s: float | None = None

    def __call__(self) -> float:
        now_s = self._read() if self._held_since_s is None else self._held_since_s
        return now_s - self._missed_s

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Stand still during the block; a block within it changes nothing."""
        if self._held_since_s is not None:
            yield
            return
        self._held_since_s = self._read()
        try:
            yield
        finally:
            self._missed_s += self._read() - self._held_since_s
            self._held_since_s = None

    def advance(self, seconds: float) -> None:
        """Go on by so many seconds at once."""
        self._missed_s -= seconds


clock = Clock()
"""The timer of every test that measures, by ``pytest.mark.benchmark(timer=clock)``."""


def time_rounds(benchmark: BenchmarkFixture, timed: Timed) -> None:
    """Have pytest-benchmark time all rounds. Raises a WorkerError."""
    with timed.rounds():
        benchmark.pedantic(
            timed.generate,
            setup=timed.next_round,
            teardown=timed.finish_round,
            warmup_rounds=timed.warmup_rounds,
            rounds=timed.most_rounds,
        )


def all_rounds(timed: Timed) -> None:
    """Make all rounds without pytest-benchmark. Raises a WorkerError."""
    with timed.rounds():
        while True:
            arguments, _ = timed.next_round() or ((), {})
            timed.generate(*arguments)
            timed.finish_round(*arguments)


def leave_out(benchmark: BenchmarkFixture) -> None:
    """Leave the benchmark out of the JSON, as pytest-benchmark does by itself where an Exception ends it."""
    benchmark.has_error = True


def supply_node_id(item: pytest.Item) -> None:
    """Give a test the private name that pytest-benchmark 5.2 reads its id by, and that pytest 9.2 no longer has."""
    node: Any = item
    if not hasattr(node, "_nodeid"):
        node._nodeid = item.nodeid
