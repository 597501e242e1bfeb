"""One variant's measurement: its worker, its rounds and its samples, for pytest-benchmark and for the gate."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perf.errors import BadRecord, WorkerGarbled
from perf.host.linux import cpu_list
from perf.host.stack import Stack
from perf.measure import command, launcher
from perf.measure.bench import Bench
from perf.measure.command import HERE, Origin
from perf.measure.launcher import SETTLE_S, WorkerProcess
from perf.measure.pedantic import clock
from perf.measure.progress import duration
from perf.measure.replies import Inspected, Ready, TurnAsked
from perf.measure.row_rounds import RowRounds
from perf.records.claim import Claim
from perf.records.consistency import check_consistent
from perf.records.evidence import Evidence
from perf.records.sample import Sample, Session
from perf.records.session_record import Round
from perf.spec.protocol import Size
from perf.spec.variant import Variant


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """A worker's account of itself: the evidence of what is active in it, and the .npz file of its last generation.

    ``beside`` is the evidence of the other instances, where several made images side by side, and ``claims`` are those
    that the backend of a package has checked itself, in any of them.
    """

    evidence: Evidence
    outcome: Path
    beside: tuple[Evidence, ...] = ()
    claims: tuple[Claim, ...] = ()


class Measurement(RowRounds):
    """A variant's worker and the samples that it measured. ``measuring`` makes it.

    ``is_timed`` tells whether pytest-benchmark's clock runs during its turns, where it takes turns with another.
    ``loaded_size`` is the size that the worker has loaded for, where that was for an earlier measurement.
    """

    def __init__(
        self,
        variant: Variant,
        stack: Stack,
        bench: Bench,
        worker: WorkerProcess,
        *,
        label: str,
        folder: Path,
        is_timed: bool = True,
        loaded_size: Size | None = None,
    ) -> None:
        super().__init__(variant, bench, label)
        self._stack = stack
        self._is_timed = is_timed
        self._outcome = folder / "outcome.npz"
        self._worker = worker
        self._loaded_size = loaded_size or bench.protocol.size
        self._load_s: float | None = None
        self._export_s = 0.0
        self._began_s = time.monotonic()
        self._generation_began_s = 0.0
        self._is_between_turns = False
        self._is_inspected = False
        self._energy = bench.energy_meter.window()

    @property
    def session(self) -> Session:
        """The worker's life so far, each sample with the probes around it."""
        return Session(
            variant=self.variant.name,
            load_s=self._load_s,
            export_s=self._export_s,
            warmups=tuple(self._so_far.warmups),
            samples=self._probes.assign(self._so_far.samples),
            probe=self._bench.probe.name,
        )

    @property
    def cpus(self) -> str:
        """The CPUs that its part of the machine has, as Linux lists them."""
        return cpu_list(self._bench.machine.cores)

    @property
    def may_be_followed(self) -> bool:
        """Whether the worker can go on to another setting: it is alive, and all went well until it was inspected."""
        return self._is_inspected and self._worker.is_alive

    def following(self, variant: Variant, bench: Bench, *, label: str, folder: Path) -> Measurement:
        """Return the measurement of another setting of the row by the same worker, with warm-ups of its own."""
        self._worker.rename(variant.name)
        bench.progress.line(f"{label}: by the worker that made {self.variant.name}")
        return Measurement(
            variant, self._stack, bench, self._worker, label=label, folder=folder, loaded_size=self._loaded_size
        )

    def load(self) -> Ready:
        """Have the worker build the variant, and return what it took. Raises a WorkerError."""
        self._announce_estimate()  # known already from the times of the last run, if there was one
        self._bench.progress.begin(self._label, "loading")
        request = {"request": "load", **self._bench.load_request(self.variant)}
        ready = self._worker.ask(request, Ready, self._bench.deadlines.load_s)
        self._load_s, self._export_s = ready.load_s, ready.export_s
        return ready

    def generate(self, steps: int) -> Sample:
        """Generate once and keep the sample; the first ones are the warm-ups. Raises a WorkerError."""
        deadlines = self._bench.deadlines
        deadline_s = deadlines.warmup_s if self._so_far.is_warming_up else deadlines.generation_s
        request = self._generation(steps)
        self._energy = self._bench.energy_meter.window()
        self._generation_began_s = time.monotonic()
        with self._energy.counting():
            sample = self._worker.ask(request, Sample, deadline_s, lambda done: self._on_step(done, steps))
        return self._keep(sample, steps)

    def begin_in_turns(self) -> None:
        """Begin a generation that stops before each of its parts. Raises a WorkerError."""
        request = self._generation(self._bench.protocol.steps) | {"takes_turns": True}
        self._energy = self._bench.energy_meter.window()
        self._have_a_turn(request, TurnAsked)
        self._is_between_turns = True

    def take_turn(self) -> Sample | None:
        """Let the worker go on to its next stop; return the sample at the end, else None. Raises a WorkerError."""
        reply = self._have_a_turn({"request": "turn"}, TurnAsked, Sample)
        if not isinstance(reply, Sample):
            return None
        self._is_between_turns = False
        return self._keep(reply, self._bench.protocol.steps)

    def finish_turns(self) -> None:
        """Finish a generation that was left between two turns, as when the other worker died. Raises a WorkerError."""
        while self._is_between_turns:
            self.take_turn()

    def inspect(self) -> Inspection:
        """Have the worker read what is active in it and write its last generation to a file. Raises a WorkerError."""
        self._bench.progress.begin(self._label, "reading the evidence")
        peaks = self._bench.peaks
        with_peak = not peaks.has(self.variant, self._stack)
        request = {"request": "evidence", "outcome": str(self._outcome), "with_peak": with_peak}
        inspected = self._worker.ask(request, Inspected, self._bench.deadlines.generation_s)
        peak = peaks.of(self.variant, self._stack, inspected.peak)
        if peak is None:
            raise WorkerGarbled(self.variant.name, "the worker was asked for the machine's peak, and sent none")
        self._is_inspected = True
        return Inspection(evidence=inspected.evidence(peak), outcome=self._outcome, claims=inspected.own_claims)

    def come_to_rest(self) -> None:
        """Wait until the worker rests, which its threads do a moment after their last work."""
        self._worker.wait_until_idle(SETTLE_S)

    def end(self) -> None:
        """End the worker, which gives its memory back; its samples stay."""
        self._worker.kill()

    def _have_a_turn(self, request: dict[str, Any], *answers: type[TurnAsked | Sample]) -> TurnAsked | Sample:
        """Let the worker work until its next stop, timed or not, and then come to rest, which is never timed.

        The joules of its turns are its own, without those of the other worker's turns and of the rests between them.
        """
        with contextlib.nullcontext() if self._is_timed else clock.held(), self._energy.counting():
            reply = self._worker.ask(request, answers, self._bench.deadlines.generation_s)
        with clock.held():
            self.come_to_rest()
        return reply

    def _generation(self, steps: int) -> dict[str, Any]:
        protocol = self._bench.protocol
        request = {
            "request": "generate",
            "prompt": protocol.prompt,
            "steps": steps,
            "guidance_scale": protocol.guidance_scale,
            "latents": str(self._bench.latents),
        }
        return request if protocol.size == self._loaded_size else request | {"size": str(protocol.size)}

    def _keep(self, sample: Sample, steps: int) -> Sample:
        """Keep a sample, with the joules that were used for it, and return it.

        Raises WorkerGarbled if what the worker sent contradicts the steps, itself, or the machine.
        """
        sample = replace(sample, energy=None)  # which is not for the worker to tell
        try:
            sample.check_steps(steps)
            sample.check_parts()
            check_consistent(
                Round.of(sample),
                steps=len(sample.parts.unet_steps_s),
                cpus=os.cpu_count(),
                memory_bytes=self._bench.machine.memory_bytes,
            )
        except BadRecord as error:
            raise WorkerGarbled(self.variant.name, f"the worker sent a sample that cannot be: {error}") from None
        sample = replace(sample, energy=self._energy.energy)
        self._so_far.add(sample)
        return sample

    def _announce_estimate(self) -> None:
        estimate = self._bench.estimate
        if estimate and (line := estimate.announcement(self._bench.model.name)):
            self._bench.progress.line(line)

    def _time_left(self) -> str:
        """Strike this row off the estimate, and return the time left of the run as the end of the row's line."""
        estimate = self._bench.estimate
        if estimate is None:
            return ""
        # The next run finds the export in the cache.
        estimate.end_row(self.variant.name, time.monotonic() - self._began_s - self._export_s)
        return estimate.time_left()

    def _on_step(self, done: int, steps: int) -> None:
        if self._bench.estimate:
            self._bench.estimate.add_step(self.variant.name, (time.monotonic() - self._generation_began_s) / done)
            self._announce_estimate()
        self._bench.progress.step(done, steps, self._so_far.left_s(done / steps))
        self._energy.keep_up()


@contextlib.contextmanager
def measuring(
    variant: Variant,
    stack: Stack,
    bench: Bench,
    folder: Path,
    label: str,
    *,
    name: str | None = None,
    origin: Origin = HERE,
    is_timed: bool = True,
) -> Iterator[Measurement]:
    """Start a worker, load the variant in it, and end the worker's whole process group afterwards.

    Args:
        variant: The variant to measure; its requirements are known to be met.
        stack: The stack whose interpreter runs the worker.
        bench: What to measure with.
        folder: An existing folder for the worker's output and temporary files.
        label: The variant's name in progress lines.
        name: The variant's name in errors, where it is not its own.
        origin: What the worker is started from, where that is not this tree.
        is_timed: Whether pytest-benchmark's clock runs during its turns.

    Raises:
        WorkerError: The worker did not start, or could not load the variant.
    """
    with starting(variant, stack, bench, folder, label, name=name, origin=origin, is_timed=is_timed) as measurement:
        ready = measurement.load()
        line = f"{label}: loaded in {duration(ready.load_s)}"
        if ready.export_s > 1:
            line += f", exported in {duration(ready.export_s)}"
        bench.progress.line(line)
        yield measurement


@contextlib.contextmanager
def starting(
    variant: Variant,
    stack: Stack,
    bench: Bench,
    folder: Path,
    label: str,
    *,
    name: str | None = None,
    origin: Origin = HERE,
    is_timed: bool = True,
) -> Iterator[Measurement]:
    """Start a worker that is still to load the variant, and end its whole process group afterwards.

    The arguments are those of ``measuring``. Raises a WorkerError.
    """
    start = command.for_variant(variant, stack, bench.machine, origin)
    with launcher.start(name or variant.name, start, folder, bench.deadlines.start_s) as worker:
        yield Measurement(variant, stack, bench, worker, label=label, folder=folder, is_timed=is_timed)
