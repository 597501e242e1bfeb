"""One run: the stacks that are here, the model made ready, a bench for the variants, and the rows measured so far."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from perf.errors import PerfError
from perf.host import cache, stack
from perf.host.machine import Machine, this_machine
from perf.host.prerequisites import Missing, find_missing
from perf.host.stack import Stack
from perf.measure import checkpoints, latents, machine_probe
from perf.measure.ladder_row import LadderRow
from perf.measure.measurement import Bench, Measurement, measuring
from perf.measure.progress import Progress
from perf.measure.settings import Settings
from perf.records.work import Work
from perf.spec.variant import Variant


class Run:
    """What the variants of one run share. Made once, when the first of them is about to be measured."""

    def __init__(self, settings: Settings, variants: Sequence[Variant], folder: Path, progress: Progress) -> None:
        self.settings = settings
        self.variants = tuple(variants)
        self.machine: Machine = this_machine()
        self.stacks = installed_stacks(variants, settings.stacks)
        self._folder = folder
        self._progress = progress
        self._rows: dict[str, LadderRow] = {}
        self._live: list[Measurement] = []
        self._resources = contextlib.ExitStack()
        self._bench = self._make_bench()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def can_measure(self) -> bool:
        """Whether any stack is here to measure with."""
        return self._bench is not None

    @property
    def rows(self) -> list[LadderRow]:
        """Measured and missing rows, in the order of the ladder."""
        return [self._rows[variant.name] for variant in self.variants if variant.name in self._rows]

    @property
    def bench(self) -> Bench:
        """What a variant that can run here is measured with."""
        assert self._bench is not None, "only asked for once a stack is known to be there"
        return self._bench

    @functools.cached_property
    def work(self) -> dict[str, Work]:
        """What one call of each of the model's parts has to do; nothing, and a line, if it cannot be told."""
        try:
            return checkpoints.work(self.bench.model, self.bench.protocol.size, self._makers[0])
        except PerfError as error:
            self.say(str(error))
            return {}

    def has_row(self, variant: Variant) -> bool:
        """Whether the row was measured, or it is known why not."""
        return variant.name in self._rows

    def find_missing(self, variant: Variant) -> Missing | None:
        return self.find_missing_in(variant, self.stacks.get(variant.stack))

    def find_missing_in(self, variant: Variant, found: Stack | None) -> Missing | None:
        """What the variant lacks here in a stack that need not be its own."""
        return find_missing(variant, found, self.machine)

    @contextlib.contextmanager
    def measuring(self, variant: Variant, session: int = 1, bench: Bench | None = None) -> Iterator[Measurement]:
        """The variant, loaded in a worker of its own, the ``session``-th of it in this run. Raises a WorkerError.

        Workers that are still there, since pytest keeps a fixture until it needs the next one, give their memory back.
        """
        self.end_workers()
        folder = self._folder / f"{variant.name}-{session}"
        folder.mkdir()
        label = self._label(variant) + (f" session {session}" if session > 1 else "")
        with measuring(variant, self.stacks[variant.stack], bench or self.bench, folder, label) as measurement:
            self._live = [measurement]
            yield measurement

    @contextlib.contextmanager
    def measuring_beside(self, variant: Variant, found: Stack, role: str, number: int) -> Iterator[Measurement]:
        """The variant, loaded by any stack in the ``number``-th worker of that role; others stay as they are."""
        folder = Path(tempfile.mkdtemp(prefix=f"{variant.name}-{role}-{number}-", dir=self._folder))
        name = f"{variant.name}, {role}"
        label = f"{self._label(variant)} {role} {number}"
        with measuring(variant, found, self.bench, folder, label, name=name) as measurement:
            self._live.append(measurement)
            yield measurement

    def end_workers(self) -> None:
        """Have all workers give their memory back."""
        for earlier in self._live:
            earlier.end()
        self._live = []

    def _label(self, variant: Variant) -> str:
        if variant not in self.variants:
            return variant.name
        return f"{variant.name} ({self.variants.index(variant) + 1}/{len(self.variants)})"

    def keep(self, measurement: Measurement) -> dict[str, Any]:
        """Add the variant's row to the ladder and return what its JSON record holds beside pytest-benchmark's own."""
        variant = measurement.variant
        self._rows.setdefault(variant.name, LadderRow(variant=variant, session=measurement.session))
        return {
            "variant": variant.to_json(),
            "session": measurement.session.to_json(),
            "protocol": self.bench.protocol.to_json(),
            "model": self.bench.model.to_json(),
            "stack": self.stacks[variant.stack].to_json(),
            "work": {part: work.to_json() for part, work in self.work.items()},
        }

    def keep_reason(self, variant: Variant, reason: str) -> None:
        """Say of a row why it was not measured, or failed all the same; the first line of the reason is shown."""
        measured = self._rows.get(variant.name)
        session = measured.session if measured else None
        self._rows[variant.name] = LadderRow(variant=variant, session=session, why_not=reason.splitlines()[0])
        self._progress.line(f"{variant.name}: {reason.splitlines()[0]}")

    def say(self, line: str) -> None:
        """A line for whoever watches."""
        self._progress.line(line)

    def about(self) -> list[str]:
        """The lines that say what was measured, on what, with what."""
        return [*self.measured(), *(str(found) for found in self.stacks.values())]

    def measured(self) -> list[str]:
        """The lines that say what was measured, on what."""
        model = [f"model: {self._bench.model.name}, {self._bench.protocol}"] if self._bench else []
        return [f"machine: {self.machine}", *model]

    @property
    def _makers(self) -> list[Stack]:
        """The stacks that can make a model ready."""
        return [found for found in self.stacks.values() if {"torch", "diffusers"} <= found.packages.keys()]

    def _make_bench(self) -> Bench | None:
        if not self._makers:
            return None
        self._progress.begin(self.settings.model, "making the model ready", logged=True)
        found = checkpoints.resolve(self.settings.model, self._makers[0])
        size = self.settings.size or found.native_size
        protocol = dataclasses.replace(self.settings.protocol, size=size)
        probe_folder = self._folder / "probe"
        probe_folder.mkdir()
        return Bench(
            protocol=protocol,
            deadlines=self.settings.deadlines,
            model=found,
            machine=self.machine,
            latents=latents.write(self._folder, protocol.seed, found.latents_shape(size)),
            exports=cache.cache_dir() / "exports",
            progress=self._progress,
            probe=self._resources.enter_context(machine_probe.running(self.machine, probe_folder)),
        )


def installed_stacks(variants: Sequence[Variant], overrides: Mapping[str, Path]) -> dict[str, Stack]:
    """The stacks of these variants that are here, probed. Raises BadInput for an override that is no Python."""
    found = {}
    for name in dict.fromkeys(variant.stack for variant in variants):
        python = overrides.get(name) or stack.default_python(name)
        if python.exists():
            found[name] = stack.probe(name, python)
    return found
