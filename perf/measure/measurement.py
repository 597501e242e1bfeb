"""One variant, measured: its worker, its rounds, its samples. What pytest-benchmark calls and what comes of it."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perf.errors import WorkerGarbled
from perf.host.machine import Machine
from perf.host.stack import Stack
from perf.measure import command, launcher
from perf.measure.checkpoints import Model
from perf.measure.launcher import SETTLE_S, WorkerProcess
from perf.measure.machine_probe import Probe, ProbeTimes
from perf.measure.pedantic import EnoughRounds
from perf.measure.progress import Progress, duration
from perf.records.evidence import Evidence
from perf.records.sample import Sample, Session
from perf.records.session_record import Round
from perf.spec.protocol import Deadlines, Protocol
from perf.spec.variant import Variant
from perf.stats.level import undisturbed


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all variants of a run share. ``latents`` is the .npy file that every generation starts from."""

    protocol: Protocol
    deadlines: Deadlines
    model: Model
    machine: Machine
    latents: Path
    exports: Path
    progress: Progress
    probe: Probe


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a worker shows of itself: what is really active, and the .npz file of what it generated last."""

    evidence: Evidence
    outcome: Path


class Measurement:
    """A variant's worker and what it measured. Made by ``measuring``."""

    def __init__(self, variant: Variant, bench: Bench, worker: WorkerProcess, label: str, folder: Path) -> None:
        self.variant = variant
        self._outcome = folder / "outcome.npz"
        self._bench = bench
        self._worker = worker
        self._label = label
        self._load_s = self._export_s = 0.0
        self._warmups: list[Sample] = []
        self._samples: list[Sample] = []
        self._good = 0
        self._probes = ProbeTimes(bench.probe)
        self._rounds_began_s: float | None = None

    @property
    def session(self) -> Session:
        return Session(
            variant=self.variant.name,
            load_s=self._load_s,
            export_s=self._export_s,
            warmups=tuple(self._warmups),
            samples=self._probes.assign(self._samples),
            probe=self._bench.probe.name,
        )

    def load(self) -> None:
        """Have the worker build the variant. Raises a WorkerError."""
        self._bench.progress.begin(self._label, "loading")
        request = {
            "request": "load",
            "variant": self.variant.to_json(),
            "checkpoint": str(self._bench.model.folder),
            "checkpoint_digest": self._bench.model.digest,
            "size": str(self._bench.protocol.size),
            "exports": str(self._bench.exports),
        }
        ready = self._worker.ask(request, "ready", self._bench.deadlines.load_s)
        self._load_s, self._export_s = ready["load_s"], ready["export_s"]

    def next_round(self) -> tuple[tuple[int], dict[str, Any]]:
        """Arguments of ``generate`` for the round to come, as pedantic's ``setup``. Raises EnoughRounds."""
        protocol = self._bench.protocol
        if len(self._warmups) < self.variant.warmup_rounds:
            self._bench.progress.begin(self._label, f"warm-up, {protocol.warmup_steps} steps")
            return (protocol.warmup_steps,), {}
        if self._rounds_began_s is None:
            self._rounds_began_s = time.monotonic()
        if protocol.enough(self._good, len(self._samples), time.monotonic() - self._rounds_began_s):
            raise EnoughRounds
        again = len(self._samples) - self._good
        noted = f", {again} disturbed so far" if again else ""
        self._bench.progress.begin(self._label, f"round {self._good + 1}/{protocol.rounds}{noted}")
        if self._probes.is_due():
            self._probes.take(len(self._samples))
        return (protocol.steps,), {}

    def generate(self, steps: int) -> Sample:
        """One generation; the first ones are kept as warm-ups. Raises a WorkerError."""
        warming_up = len(self._warmups) < self.variant.warmup_rounds
        deadlines = self._bench.deadlines
        deadline_s = deadlines.warmup_s if warming_up else deadlines.generation_s
        request = self._generation(steps)
        reply = self._worker.ask(request, "sample", deadline_s, lambda done: self._on_step(done, steps))
        sample = self._read(reply)
        if warming_up:
            self._warmups.append(sample)
        else:
            self._samples.append(sample)
            self._good = len(undisturbed([Round.of(measured) for measured in self._samples]))
        return sample

    def warm_up(self) -> None:
        """All generations that come before the timed ones. Raises a WorkerError."""
        protocol = self._bench.protocol
        while len(self._warmups) < self.variant.warmup_rounds:
            self._bench.progress.begin(self._label, f"warm-up, {protocol.warmup_steps} steps")
            self.generate(protocol.warmup_steps)

    def begin_in_turns(self) -> None:
        """Begin a generation that stops before each of its parts. Raises a WorkerError."""
        request = self._generation(self._bench.protocol.steps) | {"takes_turns": True}
        self._worker.ask(request, "turn", self._bench.deadlines.generation_s)
        self._worker.wait_until_idle(SETTLE_S)

    def take_turn(self) -> Sample | None:
        """Go on to the next stop, or to the end: then the sample is returned. Raises a WorkerError."""
        reply = self._worker.ask({"request": "turn"}, ("turn", "sample"), self._bench.deadlines.generation_s)
        self._worker.wait_until_idle(SETTLE_S)
        if reply["reply"] == "turn":
            return None
        self._samples.append(self._read(reply))
        return self._samples[-1]

    def inspect(self) -> Inspection:
        """Have the worker say what is really active, and write what it generated last. Raises a WorkerError."""
        self._bench.progress.begin(self._label, "reading the evidence")
        request = {"request": "evidence", "outcome": str(self._outcome)}
        reply = self._worker.ask(request, "evidence", self._bench.deadlines.generation_s)
        try:
            return Inspection(evidence=Evidence.from_json(reply), outcome=self._outcome)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise WorkerGarbled(self.variant.name, f"the worker sent no proper evidence: {error!r}") from error

    def all_rounds(self) -> None:
        """Warm up and measure without pytest-benchmark: a fresh session, for the gate. Raises a WorkerError."""
        with self.rounds():
            while True:
                (steps,), _ = self.next_round()
                self.generate(steps)

    def end(self) -> None:
        """Give back the worker's memory; what was measured stays."""
        self._worker.kill()

    @contextlib.contextmanager
    def rounds(self) -> Iterator[None]:
        """Around ``benchmark.pedantic``: ends quietly at the budget, and says in a line what was measured."""
        with contextlib.suppress(EnoughRounds):
            yield
        if self._samples:  # there are none under --benchmark-disable
            self._probes.take(len(self._samples))
            median_s = statistics.median(sample.latency_s for sample in self._samples)
            set_aside = len(self._samples) - self._good
            noted = f", {set_aside} of them disturbed" if set_aside else ""
            self._bench.progress.line(f"{self._label}: {median_s:.3g} s/image, median of {len(self._samples)}{noted}")

    def _generation(self, steps: int) -> dict[str, Any]:
        return {
            "request": "generate",
            "prompt": self._bench.protocol.prompt,
            "steps": steps,
            "guidance_scale": self._bench.protocol.guidance_scale,
            "latents": str(self._bench.latents),
        }

    def _read(self, reply: dict[str, Any]) -> Sample:
        try:
            return Sample.from_json({key: value for key, value in reply.items() if key != "reply"})
        except (TypeError, LookupError) as error:
            raise WorkerGarbled(self.variant.name, f"the worker sent no proper sample: {error!r}") from error

    def _on_step(self, done: int, steps: int) -> None:
        self._bench.progress.step(done, steps, self._left_s(done, steps))

    def _left_s(self, done: int, steps: int) -> float | None:
        """Time to the end of this variant: by the rounds so far, at most its budget."""
        if not self._samples or self._rounds_began_s is None:
            return None
        protocol = self._bench.protocol
        round_s = statistics.median(sample.latency_s for sample in self._samples)
        elapsed_s = time.monotonic() - self._rounds_began_s
        by_budget = self._good + max(0.0, protocol.budget_s - elapsed_s) / round_s
        rounds = min(protocol.rounds, max(protocol.min_rounds, by_budget))
        return max(0.0, (rounds - self._good - done / steps) * round_s)


@contextlib.contextmanager
def measuring(
    variant: Variant, stack: Stack, bench: Bench, folder: Path, label: str, *, name: str | None = None
) -> Iterator[Measurement]:
    """Start a worker in ``folder``, build the variant, and end the worker's whole process group afterwards.

    ``name`` is what an error calls it, if not by the variant.
    """
    started = command.for_variant(variant, stack, bench.machine)
    with launcher.start(name or variant.name, started, folder, bench.deadlines.start_s) as worker:
        measurement = Measurement(variant, bench, worker, label, folder)
        measurement.load()
        loaded = f"{label}: loaded in {duration(measurement.session.load_s)}"
        exported = measurement.session.export_s
        bench.progress.line(loaded + (f", exported in {duration(exported)}" if exported > 1 else ""))
        yield measurement
