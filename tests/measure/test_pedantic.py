"""Uses of pytest-benchmark's pedantic mode that its documentation does not promise."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from perf.measure import pedantic
from perf.measure.bench import Bench
from perf.measure.energy_meter import EnergyMeter
from perf.measure.launcher import WorkerProcess
from perf.measure.measurement import Measurement
from perf.measure.pedantic import Clock, EnoughRounds
from perf.spec import ladder
from perf.spec.protocol import Deadlines, Protocol, Size
from tests.builders.baselines import STACK

pytestmark = pytest.mark.alone


def test_pytest_benchmark_keeps_the_rounds_before_a_base_exception(benchmark: Any) -> None:
    begun = itertools.count(1)

    def setup() -> None:
        if next(begun) > 4:
            raise EnoughRounds

    with contextlib.suppress(EnoughRounds):
        benchmark.pedantic(lambda: None, setup=setup, warmup_rounds=1, rounds=100)
    assert benchmark.stats.stats.rounds == 3
    assert not benchmark.has_error
    pedantic.leave_out(benchmark)  # of these tests' own figures


def test_pytest_benchmark_leaves_out_what_has_an_error(benchmark: Any) -> None:
    with pytest.raises(ValueError, match="cheese"):
        benchmark.pedantic(lambda: int("cheese"), rounds=1)
    assert benchmark.has_error
    benchmark.has_error = False
    assert not benchmark.stats.has_error
    pedantic.leave_out(benchmark)
    assert benchmark.stats.has_error


class FakeTime:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds


def test_a_held_clock_stands_still_and_goes_on_where_it_stood() -> None:
    time = FakeTime()
    clock = Clock(time)
    began_s = clock()
    time.pass_s(1)
    with clock.held():
        time.pass_s(10)
        with clock.held():
            time.pass_s(100)
        assert clock() - began_s == 1
        time.pass_s(1000)
    time.pass_s(2)
    assert clock() - began_s == 3


held_clock_time = FakeTime()
held_clock = Clock(held_clock_time)


@pytest.mark.benchmark(timer=held_clock)
def test_pytest_benchmark_times_by_the_markers_clock(benchmark: Any) -> None:
    def target() -> None:
        held_clock_time.pass_s(3)
        with held_clock.held():
            held_clock_time.pass_s(5)

    benchmark.pedantic(target, rounds=2)
    assert benchmark.stats.stats.data == [3, 3]
    pedantic.leave_out(benchmark)


class Worker:
    """A worker each of whose turns takes a second, and half of one to come to rest."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time

    def ask(self, *_: object) -> dict[str, str]:
        self._time.pass_s(1)
        return {"reply": "turn"}

    def wait_until_idle(self, _: float) -> None:
        self._time.pass_s(0.5)


@pytest.mark.parametrize(("is_timed", "expected_s"), [(True, 2), (False, 0)])
def test_only_the_turns_of_a_timed_worker_count(
    monkeypatch: pytest.MonkeyPatch, is_timed: bool, expected_s: float
) -> None:
    time = FakeTime()
    clock = Clock(time)
    monkeypatch.setattr("perf.measure.measurement.clock", clock)
    (variant,) = ladder.select(["eager-fp32"])
    protocol = Protocol(size=Size(64, 64))
    bench = SimpleNamespace(
        protocol=protocol,
        latents="latents.npy",
        deadlines=Deadlines(),
        probe=None,
        energy_meter=EnergyMeter((), print),
    )
    measurement = Measurement(
        variant,
        STACK,
        cast("Bench", bench),
        cast("WorkerProcess", Worker(time)),
        label="eager-fp32",
        folder=Path("/nowhere"),
        is_timed=is_timed,
    )
    began_s = clock()
    measurement.begin_in_turns()
    assert measurement.take_turn() is None
    assert (time.now_s, clock() - began_s) == (103, expected_s)
