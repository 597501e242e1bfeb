"""One run: the stacks installed here, the model on disk, the bench for all variants, and the rows measured so far."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from contextlib import AbstractContextManager
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
from perf.measure.group import Group
from perf.measure.known_peaks import KnownPeaks
from perf.measure.ladder_row import LadderRow
from perf.measure.measurement import Measurement
from perf.measure.progress import Progress
from perf.measure.row_bench import find_unsuited, row_bench
from perf.measure.run_stacks import exporter, installed_stacks, makers
from perf.measure.run_workers import RunWorkers
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
        self._workers = RunWorkers(folder, self.parts)
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

    def measuring(
        self, variant: Variant, session: int = 1, bench: Bench | None = None, *, alone: bool = False
    ) -> AbstractContextManager[Measurement | Group]:
        """Return what loads the variant in a new worker, or in several side by side, and ends them; see RunWorkers.

        Args:
            variant: The variant to measure, in its own stack.
            session: The number of this worker among those of the variant in this run, from 1.
            bench: What to measure with, where it is not the variant's own.
            alone: Whether one worker is enough, where others run side by side.

        Raises:
            PerfError: What the variant is measured with could not be made; on entering, a WorkerError.
        """
        stack, own = self.stacks[variant.stack], bench or self.bench_of(variant)
        label = self._label(variant) + (f" session {session}" if session > 1 else "")
        need = self._memory_need(variant, stack, own.model, alone=alone)
        if line := memory.announcement(need, self.machine):
            self.say(f"{label}: {line}")
        return self._workers.of_row(variant, stack, own, label=label, session=session, alone=alone)

    def measuring_beside(
        self,
        variant: Variant,
        stack: Stack,
        role: str,
        number: int,
        origin: Origin = HERE,
        *,
        name: str,
        is_timed: bool,
    ) -> AbstractContextManager[Measurement | Group]:
        """Return what loads the variant with ``stack`` in a new worker, the ``number``-th in that role, beside others.

        The worker is started from ``origin`` and called ``name`` in errors; ``is_timed`` tells whether
        pytest-benchmark's clock runs during its turns. Raises a WorkerError on entering.
        """
        return self._workers.beside(
            variant,
            stack,
            self.bench_of(variant),
            label=f"{self._label(variant)} {role} {number}",
            prefix=f"{variant.name}-{role}-{number}-",
            name=name,
            origin=origin,
            is_timed=is_timed,
        )

    def end_workers(self) -> None:
        """End all workers, which gives their memory back."""
        self._workers.end()

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
