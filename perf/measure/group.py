"""Instances of a variant side by side: workers on cores of their own, and the images that they make together.

Each round is a window (perf.stats.window): all workers begin at once and make some calls, one after the other. The
first instance loads alone, since it may have an export to make, and the others then at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from perf.errors import BadRecord, WorkerError, WorkerGarbled
from perf.host.machine import Machine
from perf.host.stack import Stack
from perf.measure.bench import Bench
from perf.measure.command import HERE, Origin
from perf.measure.energy_meter import EnergyMeter, EnergyOfLast
from perf.measure.measurement import Inspection, Measurement, starting
from perf.measure.pedantic import clock
from perf.measure.progress import Silent, StepsAlone, duration
from perf.measure.row_rounds import RowRounds
from perf.records.claim import worst_of
from perf.records.sample import Instance, Sample, Session
from perf.spec.variant import Variant
from perf.stats.window import window_sample

CALLS = 2  # of each worker in a window: one that began while others still loaded their caches is not all there is

WITHOUT_ENERGY = EnergyMeter((), lambda _: None)

T = TypeVar("T")


class Group(RowRounds):
    """The workers of one variant that make images side by side. ``side_by_side`` makes it.

    ``is_timed`` tells whether pytest-benchmark's clock counts its windows, where it alternates with another: by what an
    image takes all workers together.
    """

    def __init__(
        self,
        variant: Variant,
        instances: Sequence[Measurement],
        bench: Bench,
        energy: EnergyOfLast,
        *,
        label: str,
        name: str,
        is_timed: bool,
    ) -> None:
        super().__init__(variant, bench, label)
        self._instances = tuple(instances)
        self._energy = energy
        self._name = name
        self._is_timed = is_timed
        self._pool = ThreadPoolExecutor(len(self._instances))

    @property
    def session(self) -> Session:
        """What the workers have made together so far; the load is the first worker's."""
        first = self._instances[0].session
        return Session(
            variant=self.variant.name,
            load_s=first.load_s,
            export_s=first.export_s,
            warmups=tuple(self._so_far.warmups),
            samples=self._probes.assign(self._so_far.samples),
            probe=self._bench.probe.name,
            instances=tuple(map(_instance, self._instances)),
        )

    def load(self) -> float:
        """Have all workers build the variant, and return the seconds that it took the first. Raises a WorkerError."""
        first, *others = self._instances
        (ready,) = self._together(Measurement.load, [first])
        self._together(Measurement.load, others)
        return ready.load_s

    def generate(self, steps: int) -> Sample:
        """Have all workers make their calls, one each to warm up, and keep what an image took. Raises a WorkerError."""
        calls = 1 if self._so_far.is_warming_up else CALLS
        with clock.held():
            with self._energy.counting():
                made = self._together(lambda each: [each.generate(steps) for _ in range(calls)])
            sample = self._sample_of(made)
            self._so_far.add(sample)
        if self._is_timed:
            clock.advance(sample.latency_s)
        return sample

    def finish_turns(self) -> None:
        """Do nothing: a group makes whole windows."""

    def inspect(self) -> Inspection:
        """Return what all workers show of themselves. The first has the machine to itself for its peak."""
        self._bench.progress.begin(self._label, "reading the evidence")
        first, *others = self._instances
        (inspection,) = self._together(Measurement.inspect, [first])
        beside = self._together(Measurement.inspect, others)
        claims = worst_of([each.claims for each in (inspection, *beside)])
        return replace(inspection, beside=tuple(each.evidence for each in beside), claims=tuple(claims))

    def end(self) -> None:
        """End all workers, which gives their memory back; what they have made stays."""
        for instance in self._instances:
            instance.end()

    def close(self) -> None:
        """Let the threads go that wait for workers, once these have ended."""
        self._pool.shutdown()

    def _together(self, do: Callable[[Measurement], T], instances: Sequence[Measurement] | None = None) -> list[T]:
        """Have workers do something at the same time. If one fails, all end. Raises its WorkerError, which names it."""
        asked = self._instances if instances is None else instances
        futures = [self._pool.submit(do, instance) for instance in asked]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            self.end()  # Ctrl-C: nobody waits for what they are doing
            raise
        for future, instance in zip(futures, asked, strict=True):
            if future in done and (error := future.exception()):
                self.end()
                raise self._named(error, instance) from error
        return [future.result() for future in futures]

    def _named(self, error: BaseException, instance: Measurement) -> BaseException:
        if not isinstance(error, WorkerError):
            return error
        return _of_instance(error, self._name, self._instances.index(instance) + 1, len(self._instances))

    def _sample_of(self, made: Sequence[Sequence[Sample]]) -> Sample:
        batch, energy = self._bench.protocol.batch, self._energy.energy
        try:
            sample = window_sample(made, batch)
        except BadRecord as error:
            raise WorkerGarbled(self._name, f"its instances sent samples that make no window: {error}") from None
        return replace(sample, energy=energy and energy.per(batch * sum(map(len, made))))

    def come_to_rest(self) -> None:
        """Wait until all workers rest."""
        for instance in self._instances:
            instance.come_to_rest()


def _instance(measurement: Measurement) -> Instance:
    latencies_s = tuple(sample.latency_s for sample in measurement.session.samples)
    return Instance(cpus=measurement.cpus, latencies_s=latencies_s)


@contextlib.contextmanager
def side_by_side(
    variant: Variant,
    stack: Stack,
    bench: Bench,
    folder: Path,
    label: str,
    *,
    parts: Sequence[Machine],
    name: str | None = None,
    origin: Origin = HERE,
    is_timed: bool = True,
) -> Iterator[Group]:
    """Start a worker on each part of the machine, load the variant in them, and end them afterwards.

    The arguments beside ``parts`` are those of perf.measure.measurement.measuring, and so is what is raised.
    """
    named = name or variant.name
    energy = EnergyOfLast(bench.energy_meter)
    with contextlib.ExitStack() as running:
        instances = []
        for number, part in enumerate(parts, start=1):
            own = _bench_of_instance(
                bench, part, StepsAlone(bench.progress, energy.keep_up) if number == 1 else Silent()
            )
            starts = starting(variant, stack, own, _folder(folder, number), label, name=named, origin=origin)
            try:
                instances.append(running.enter_context(starts))
            except WorkerError as error:
                raise _of_instance(error, named, number, len(parts)) from error
        group = Group(variant, instances, bench, energy, label=label, name=named, is_timed=is_timed)
        running.callback(group.close)
        running.callback(group.end)
        bench.progress.begin(label, "loading")
        load_s = group.load()
        count = f"{len(parts)} workers loaded, the first" if len(parts) > 1 else "loaded"
        bench.progress.line(f"{label}: {count} in {duration(load_s)}")
        yield group


def _of_instance(error: WorkerError, name: str, number: int, count: int) -> WorkerError:
    """Return the error of a group's worker as the group's own, which says whose it is, where there are several."""
    which = f"instance {number} of {count}: " if count > 1 else ""
    return type(error)(name, f"{which}{error.headline}", error.details)


def _bench_of_instance(bench: Bench, part: Machine, progress: Silent) -> Bench:
    """Return the bench of one instance, without what belongs to all of them: the estimate, and the machine's joules."""
    return replace(bench, machine=part, progress=progress, estimate=None, energy_meter=WITHOUT_ENERGY)


def _folder(folder: Path, number: int) -> Path:
    own = folder / f"instance-{number}"
    own.mkdir(exist_ok=True)
    return own
