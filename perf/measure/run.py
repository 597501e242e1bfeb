"""One run: the stacks installed here, the model on disk, the bench for all variants, and the rows measured so far."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from perf.errors import PerfError
from perf.host.machine import Machine, this_machine
from perf.host.memory_need import MemoryNeed
from perf.host.prerequisites import Missing, check_backend, find_missing
from perf.host.stack import Stack
from perf.measure import checkpoints, latents, machine_probe, memory
from perf.measure.bench import Bench
from perf.measure.checkpoints import Model
from perf.measure.command import HERE, Origin, contamination
from perf.measure.energy_meter import EnergyMeter
from perf.measure.estimate import Estimate, LastRun
from perf.measure.group import Group, side_by_side
from perf.measure.kept_worker import KeptWorker
from perf.measure.known_peaks import KnownPeaks
from perf.measure.ladder_row import LadderRow
from perf.measure.measurement import Measurement, measuring
from perf.measure.progress import Progress
from perf.measure.row_bench import find_unsuited, row_bench
from perf.measure.run_stacks import exporter, installed_stacks, makers
from perf.measure.settings import Settings
from perf.records.sample import Session
from perf.records.work import Work
from perf.spec.families import BY_NAME
from perf.spec.protocol import Protocol
from perf.spec.variant import Variant

INVALID = "invalid: "  # begins the reason of a row that is


class Run:
    """The state that the variants of one run share; made once, when the first of them is about to be measured.

    ``parts`` are those of the machine that instances side by side are bound to, where throughput is measured.

    Raises a PerfError on construction if the model cannot be made ready or the probe does not start.
    """

    def __init__(
        self,
        settings: Settings,
        variants: Sequence[Variant],
        folder: Path,
        progress: Progress,
        *,
        is_ladder: bool = False,
    ) -> None:
        self.settings = settings
        self.variants = tuple(variants)
        self.machine: Machine = dataclasses.replace(this_machine(), memory_node=settings.memory_node)
        self.parts = tuple(map(self.machine.part, settings.instances))
        needed = [settings.against, *variants] if settings.against else variants
        self.stacks = installed_stacks(needed, settings.stacks)
        for variant in needed:
            if variant.stack in self.stacks:
                check_backend(variant, self.stacks[variant.stack])
        self._makers = makers(self.stacks.values())
        self._folder = folder
        self._is_ladder = is_ladder
        self._progress = progress
        self._rows: dict[str, LadderRow] = {}
        self._live: list[Measurement | Group] = []
        self._kept: KeptWorker | None = None
        self._benches: dict[Variant, Bench] = {}
        if kept_back := contamination():
            self.say(f"not passed on to workers, since it would change what is measured: {', '.join(kept_back)}")
        self._resources = contextlib.ExitStack()
        self._model: Model | None = None
        self._bench = self._make_bench()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_workers()
        self._resources.close()

    @property
    def workers_machine(self) -> Machine:
        """The machine as a worker has it: the whole, or the part of the first of several instances."""
        return self.parts[0] if self.parts else self.machine

    @property
    def can_measure(self) -> bool:
        """Whether any stack is installed here to measure with."""
        return self._bench is not None

    @property
    def rows(self) -> list[LadderRow]:
        """Measured and missing rows, in the order of the ladder."""
        return [self._rows[variant.name] for variant in self.variants if variant.name in self._rows]

    @property
    def not_measured(self) -> dict[str, str]:
        """The reason why a row has no session, by the row's name, in the order of the ladder."""
        return {row.variant.name: row.why_not for row in self.rows if row.why_not and not row.session}

    @property
    def has_measured(self) -> bool:
        """Whether the session of any row is known."""
        return any(row.session for row in self._rows.values())

    @property
    def bench(self) -> Bench:
        """The bench to measure a variant with; only for a run that ``can_measure``."""
        assert self._bench is not None, "asked for although can_measure is False"
        return self._bench

    def bench_of(self, variant: Variant) -> Bench:
        """Return what a variant is measured with, made ready when it is first asked for. Raises a PerfError."""
        if variant not in self._benches:
            self._benches[variant] = row_bench(self.bench, variant, self._makers, self._folder)
        return self._benches[variant]

    def work(self, variant: Variant) -> dict[str, Work]:
        """Return the work of one call of each part, by name; empty if counting fails, which a line says.

        Of a VAE that is not the checkpoint's own nothing is counted, nor of several instances: the peak that they would
        be held against is that of one of them.
        """
        if self.parts:
            return {}
        bench = self.bench_of(variant)
        try:
            counted = checkpoints.work(bench.model, bench.protocol, self._makers[0])
        except PerfError as error:
            self.say(str(error))
            return {}
        return {part: work for part, work in counted.items() if part != "vae_decode" or bench.small_vae is None}

    def has_row(self, variant: Variant) -> bool:
        """Return whether the variant's row was measured, or the reason why it was not is kept."""
        return variant.name in self._rows

    def find_missing(self, variant: Variant, *, alone: bool = False) -> Missing | None:
        """Return what the variant lacks on this machine and in its own stack, or None if it can run."""
        return self.find_missing_in(variant, self.stacks.get(variant.stack), alone=alone)

    def find_missing_in(self, variant: Variant, stack: Stack | None, *, alone: bool = False) -> Missing | None:
        """Return what the variant lacks on this machine, in ``stack`` or in the model, or None if it can run.

        ``alone``: whether one worker is enough, where others run side by side.
        """
        model = self._model
        need = self._memory_need(variant, stack, model, alone=alone)
        family = BY_NAME[model.family] if model else None
        lacking = find_missing(variant, stack, self.workers_machine, family, need)
        return lacking or (find_unsuited(variant, model) if model else None)

    @contextlib.contextmanager
    def measuring(
        self, variant: Variant, session: int = 1, bench: Bench | None = None, *, alone: bool = False
    ) -> Iterator[Measurement | Group]:
        """Load the variant in a new worker, or in several side by side, and end what was started afterwards.

        Earlier workers are ended first: pytest keeps a fixture until it needs the next one, and a worker takes 5-11 GB.
        In a sweep, the first worker of a row makes all settings that it can, one after the other, and is kept until
        another is wanted; a further session of a setting has a worker of its own, whose memory nothing else has used.

        Args:
            variant: The variant to measure, in its own stack.
            session: The number of this worker among those of the variant in this run, from 1.
            bench: What to measure with, where it is not the variant's own.
            alone: Whether one worker is enough, where others run side by side.

        Raises:
            WorkerError: The variant could not be loaded.
        """
        folder = self._folder / f"{variant.name}-{session}"
        folder.mkdir(exist_ok=True)  # --failed-first asks for a row's verdict, which measures it, before its latency
        label = self._label(variant) + (f" session {session}" if session > 1 else "")
        own = bench or self.bench_of(variant)
        need = self._memory_need(variant, self.stacks[variant.stack], own.model, alone=alone)
        if line := memory.announcement(need, self.machine):
            self.say(f"{label}: {line}")
        measurement: Measurement | Group
        with contextlib.ExitStack() as resources:
            if session == 1 and self._kept and self._kept.can_make(variant):
                kept, self._kept = self._kept, None
                resources.push(kept.resources)
                measurement = kept.measurement.following(variant, own, label=label, folder=folder)
            else:
                self.end_workers()
                start = self._starting(variant, self.stacks[variant.stack], own, folder, label, alone=alone)
                measurement = resources.enter_context(start)
            self._live = [measurement]
            yield measurement
            if isinstance(measurement, Measurement) and self._may_be_kept(measurement, session):
                self._kept = KeptWorker(measurement, resources.pop_all())

    @contextlib.contextmanager
    def measuring_beside(
        self,
        variant: Variant,
        stack: Stack,
        role: str,
        number: int,
        origin: Origin = HERE,
        *,
        name: str,
        is_timed: bool = True,
    ) -> Iterator[Measurement | Group]:
        """Load the variant with ``stack`` in a new worker, the ``number``-th in that role, and leave the others alive.

        The worker is started from ``origin`` and called ``name`` in errors; ``is_timed`` tells whether
        pytest-benchmark's clock runs during its turns. Raises a WorkerError.
        """
        folder = Path(tempfile.mkdtemp(prefix=f"{variant.name}-{role}-{number}-", dir=self._folder))
        label = f"{self._label(variant)} {role} {number}"
        with self._starting(
            variant, stack, self.bench_of(variant), folder, label, name=name, origin=origin, is_timed=is_timed
        ) as measurement:
            self._live.append(measurement)
            yield measurement

    def _may_be_kept(self, measurement: Measurement, session: int) -> bool:
        """Tell whether a row's first worker may make another setting of a sweep."""
        is_of_sweep = session == 1 and measurement.variant.setting_of is not None
        return is_of_sweep and self._kept is None and measurement.may_be_followed

    def end_workers(self) -> None:
        """End all workers, which gives their memory back."""
        for measurement in self._live:
            measurement.end()
        self._live = []
        if self._kept:
            self._kept.end()
            self._kept = None

    def _starting(
        self,
        variant: Variant,
        stack: Stack,
        bench: Bench,
        folder: Path,
        label: str,
        *,
        alone: bool = False,
        **options: Any,
    ) -> contextlib.AbstractContextManager[Measurement | Group]:
        """Return what starts a worker, or one on each part of the machine; ``options`` are those of ``measuring``."""
        if self.parts and not alone:
            return side_by_side(variant, stack, bench, folder, label, parts=self.parts, **options)
        return measuring(variant, stack, bench, folder, label, **options)

    def _memory_need(
        self, variant: Variant, stack: Stack | None, model: Model | None, *, alone: bool = False
    ) -> MemoryNeed | None:
        need = memory.need_of(variant, stack, exporter(self._makers), model, self.settings)
        return dataclasses.replace(need, instances=1) if need and alone else need

    def _label(self, variant: Variant) -> str:
        if variant not in self.variants:
            return variant.name
        return f"{variant.name} ({self.variants.index(variant) + 1}/{len(self.variants)})"

    def keep(self, variant: Variant, session: Session) -> dict[str, Any]:
        """Add the variant's row to the ladder, and return our fields of its record in pytest-benchmark's JSON."""
        self._rows.setdefault(variant.name, LadderRow(variant=variant, session=session))
        return {
            "variant": variant.to_json(),
            "session": session.to_json(),
            "protocol": self.bench.protocol.to_json(),
            "model": self.bench.model.to_json(),
            "stack": self.stacks[variant.stack].to_json(),
            "work": {part: work.to_json() for part, work in self.work(variant).items()},
        }

    def why_invalid(self, variant: Variant) -> str | None:
        """Return why a row is invalid that could not be measured; None of any other."""
        row = self._rows.get(variant.name)
        return row.why_not.removeprefix(INVALID) if row and row.why_not and row.is_invalid else None

    def keep_invalid(self, variant: Variant, reason: str) -> None:
        """Keep why a row is invalid that could not be measured, and show it."""
        self.keep_reason(variant, f"{INVALID}{reason}")
        self._rows[variant.name] = dataclasses.replace(self._rows[variant.name], is_invalid=True)

    def keep_reason(self, variant: Variant, reason: str) -> None:
        """Keep the first line of the reason why a row was not measured, or failed although it was, and show it."""
        summary = reason.splitlines()[0]
        row = self._rows.get(variant.name, LadderRow(variant=variant))
        self._rows[variant.name] = dataclasses.replace(row, why_not=summary)
        self._progress.line(f"{variant.name}: {summary}")
        if self._bench and self._bench.estimate:
            self._bench.estimate.drop(variant.name)

    def say(self, line: str) -> None:
        """Write a line for whoever watches."""
        self._progress.line(line)

    def about(self) -> list[str]:
        """Return lines that name the machine, the model with its protocol, and the stacks."""
        return [*self.measured(), *map(str, self.stacks.values())]

    def measured(self) -> list[str]:
        """Return lines that name the machine, the model with its protocol, and the settings file if there is one."""
        lines = [f"machine: {self.machine}"]
        if self._bench:
            lines.append(f"model: {self._bench.model.name}, {self._bench.protocol}")
        if self.settings.settings_file:
            lines.append(f"settings: {self.settings.settings_file}")
        return lines

    def _make_bench(self) -> Bench | None:
        if not self._makers:
            return None
        self._progress.begin(self.settings.model, "making the model ready (the first time takes a minute)", logged=True)
        model = self._model = checkpoints.resolve(self.settings.model, self._makers[0])
        size = self.settings.size or model.native_size
        protocol = dataclasses.replace(self.settings.protocol, size=size)
        probe_folder = self._folder / "probe"
        probe_folder.mkdir()
        return Bench(
            protocol=protocol,
            deadlines=self.settings.deadlines,
            model=model,
            machine=self.machine,
            latents=latents.write(self._folder, protocol.seed, model.latents_shape(size, protocol.batch)),
            exports=memory.exports_folder(),
            progress=self._progress,
            probe=self._resources.enter_context(machine_probe.running(self.machine, probe_folder)),
            estimate=self._make_estimate(model.digest, protocol) if self._is_ladder and not self.parts else None,
            prompts=self.settings.calibration_prompts,
            peaks=KnownPeaks(),
            energy_meter=EnergyMeter.of_machine(self.say),
        )

    def _make_estimate(self, model_digest: str, protocol: Protocol) -> Estimate:
        """Return the estimate for the rows that can be measured here."""
        variants = [variant for variant in self.variants if self.find_missing(variant) is None]
        sessions = self.settings.sessions if self.settings.updates else 1
        last = LastRun.of(self.machine, model_digest, protocol)
        return Estimate(variants, protocol, last, has_bf16=self.machine.bf16_isa is not None, sessions=sessions)
