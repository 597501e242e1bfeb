"""Counts by part: real software events in processes with threads, and counters that a test moves."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from perf.host import perf_events as host_events
from perf.records.counts import Counts, GenerationCounts
from perf.records.part import Part
from perf.worker import parts, perf_events
from perf.worker.parts import PartsClock
from perf.worker.perf_events import CountsByPart, PerfEvents, Total, between

PAGES, THREADS = 500, 4

TOUCHING = f"""
import json, mmap, threading
from perf.worker.perf_events import PerfEvents, between

def pages():
    memory = mmap.mmap(-1, {PAGES} * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory

def touch(memory):
    for page in range({PAGES}):
        memory[page * mmap.PAGESIZE] = 1
    done.wait()
    may_end.wait()

def work(memory):
    for _ in range(300_000):
        pass
    touch(memory)

events = PerfEvents()
memories = [pages() for _ in range({THREADS})]
done, may_end = threading.Barrier({THREADS} + 1), threading.Event()
before = events.read()
threads = [threading.Thread(target=work, args=(memory,)) for memory in memories]
for thread in threads:
    thread.start()
done.wait()
alive = between(before, events.read())
may_end.set()
for thread in threads:
    thread.join()
print(json.dumps([vars(alive), vars(between(before, events.read()))]))
"""


def test_threads_made_later_are_counted_while_they_live_and_after_they_have_ended() -> None:
    ran = subprocess.run([sys.executable, "-c", TOUCHING], capture_output=True, text=True, check=True)
    alive, ended = (Counts(**fields) for fields in json.loads(ran.stdout))
    for counts in (alive, ended):
        assert counts.page_faults is not None
        assert PAGES * THREADS <= counts.page_faults < PAGES * THREADS * 1.5
        assert counts.task_clock_s is not None
        assert 0 < counts.task_clock_s < 60


def test_hardware_events_are_counted_where_the_machine_has_them() -> None:
    events = PerfEvents()
    before = events.read()
    sum(range(1_000_000))
    counts = between(before, events.read())
    if counts.instructions is None:
        assert "instructions" in host_events.uncounted(is_virtual=True)[0].events
        pytest.skip("this machine has no hardware counters")
    assert 1_000_000 < counts.instructions < 10**10
    assert counts.cycles is None or counts.cycles > 100_000


def test_what_cannot_be_opened_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_the_task_clock(attr: bytes) -> int:
        kind, _, config, *_ = host_events.ATTR.unpack(attr)
        if (kind, config) == (host_events.SOFTWARE, host_events.EVENTS["task_clock_s"].config):
            return really_open(attr)
        raise OSError(2, "No such file or directory")

    really_open = host_events.perf_event_open
    monkeypatch.setattr(host_events, "perf_event_open", only_the_task_clock)
    events = PerfEvents()
    counts = between(events.read(), events.read())
    assert [name for name, value in vars(counts).items() if value is not None] == ["task_clock_s"]


def total(value: int, enabled_ns: int = 0, running_ns: int | None = None) -> Total:
    return Total(value, enabled_ns, enabled_ns if running_ns is None else running_ns)


def test_a_counter_that_ran_for_most_of_the_time_is_scaled_and_one_that_hardly_ran_tells_nothing() -> None:
    before = {"instructions": total(1000, 100, 100), "cycles": total(1000, 100, 100), "page_faults": total(7)}
    after = {"instructions": total(1600, 200, 175), "cycles": total(1400, 200, 140), "page_faults": total(9)}
    assert between(before, after) == Counts(instructions=800, cycles=None, page_faults=2)


def test_the_task_clock_is_in_seconds() -> None:
    assert between({"task_clock_s": total(10**9)}, {"task_clock_s": total(25 * 10**8)}) == Counts(task_clock_s=1.5)


class Scripted(PerfEvents):
    """Counters that rise only when a test says so."""

    def __init__(self, *names: str) -> None:
        self.now = dict.fromkeys(names, 0)

    def execute(self, instructions: int) -> None:
        self.now["instructions"] += instructions

    def read(self) -> dict[str, Total]:
        return {name: total(value) for name, value in self.now.items()}


def test_each_part_has_what_was_counted_in_it() -> None:
    events = Scripted("instructions", "page_faults")
    counts = CountsByPart(events)
    events.execute(99)  # before the generation
    counts.begin()
    for part, instructions in ((Part.TEXT_ENCODER, 5), (Part.UNET_STEP, 100), (Part.UNET_STEP, 200)):
        events.execute(1)
        counts.enter(part)
        events.execute(instructions)
        counts.leave()
    assert counts.end() == GenerationCounts(
        parts={
            Part.TEXT_ENCODER: Counts(instructions=5, page_faults=0),
            Part.UNET_STEP: Counts(instructions=300, page_faults=0),
        },
        rest=Counts(instructions=3, page_faults=0),
    )


def test_what_happens_while_it_waits_for_its_turn_is_left_out() -> None:
    events = Scripted("instructions")
    counts = CountsByPart(events)
    counts.begin()
    events.execute(2)
    counts.pause()
    events.execute(1000)
    counts.enter(Part.UNET_STEP)
    events.execute(30)
    counts.leave()
    ended = counts.end()
    assert ended is not None
    assert (ended.rest.instructions, ended.whole.instructions) == (2, 32)


def test_where_nobody_can_look_between_the_parts_all_is_in_the_rest() -> None:
    events = Scripted("instructions")
    counts = CountsByPart(events)
    counts.begin()
    events.execute(50)
    ended = counts.end()
    assert ended == GenerationCounts(parts={}, rest=Counts(instructions=50))
    assert ended.whole.instructions == 50


def test_each_generation_is_counted_afresh() -> None:
    events = Scripted("instructions")
    counts = CountsByPart(events)
    for instructions in (50, 7):
        counts.begin()
        counts.enter(Part.VAE_DECODE)
        events.execute(instructions)
        counts.leave()
        ended = counts.end()
        assert ended is not None
        assert ended.whole.instructions == instructions


def test_where_nothing_can_be_counted_there_are_no_counts() -> None:
    counts = CountsByPart(Scripted())
    counts.begin()
    counts.enter(Part.UNET_STEP)
    counts.leave()
    assert counts.end() is None


class Time:
    """Stand-in for the time module, whose time passes only when a test makes it."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


class Slow(Scripted):
    """Counters that take a quarter of a second to read."""

    def __init__(self, time: Time) -> None:
        super().__init__("instructions")
        self._time = time

    def read(self) -> dict[str, Total]:
        self._time.now += 0.25
        return super().read()


class Model:
    """A model that takes two seconds."""

    def __init__(self, time: Time) -> None:
        self._time = time

    def forward(self, *_: Any) -> None:
        self._time.now += 2.0

    decode = forward


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    fake = Time()
    for module in (parts, perf_events):
        monkeypatch.setattr(module, "time", fake)
    return fake


def test_the_seconds_of_reading_are_in_no_part_and_not_in_the_rest(time: Time) -> None:
    counts = CountsByPart(Slow(time))
    clock = PartsClock(lambda _: None, counts=counts)
    pipe = SimpleNamespace(text_encoder=Model(time), unet=Model(time), vae=Model(time))
    clock.watch(pipe)
    counts.begin()
    assert counts.reading_s == 0, "it comes before the generation"
    began = time.now
    for _ in range(3):
        pipe.unet.forward()
    pipe.vae.decode(1)
    time.now += 0.5
    assert counts.reading_s == 8 * 0.25
    measured = clock.parts(time.now - began - counts.reading_s)
    assert (measured.unet_steps_s, measured.vae_decode_s) == ((2.0, 2.0, 2.0), 2.0)
    assert measured.rest_s == 0.5
