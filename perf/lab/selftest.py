"""The gate tried on this machine: identical sessions and slowed ones, measured for real, and what the gate says.

The slowdown is real work: one more denoising step. Identical and slowed sessions alternate, so that the machine's drift
is in both. The figures are those of perf.lab.evaluate, with measured sessions in the place of planted copies.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from perf.errors import WorkerError
from perf.gate.judgement import now
from perf.host.lock import hold
from perf.lab import series
from perf.lab.evaluate import OURS, SEED, Draw, Score, by_rule, by_the_gate, draw, score
from perf.lab.rules import PEERS
from perf.measure.progress import Progress
from perf.measure.run import Run
from perf.measure.settings import Settings
from perf.records.session_record import SessionRecord
from perf.spec.variant import Variant
from perf.stats.decision import BaselineLevels
from perf.stats.shift import Shift, shift
from perf.stats.verdict import MAX_SESSIONS
from perf.stats.watch import LATENCY

TRIALS = 400


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What was measured of one variant, in order of time."""

    variant: Variant
    identical: Sequence[SessionRecord]
    slowed: Sequence[SessionRecord]
    slowdown_percent: float

    @property
    def measured_shift(self) -> Shift:
        """How far the slowed sessions really lie from the identical ones."""
        reference = BaselineLevels.of(self.identical).comparable_with(self.slowed)
        slow = LATENCY.levels(self.slowed, reference.powers)
        return shift(reference.levels[LATENCY.name], slow, LATENCY.prior)


def measure(
    settings: Settings, sessions: int, more_steps: int, keep: Path | None, progress: Progress
) -> Iterator[Tried]:
    """Measure each variant ``sessions`` times as it is and as often with more steps. Raises a PerfError."""
    with (
        hold(wait_s=settings.wait_s, on_wait=progress.line),
        tempfile.TemporaryDirectory(prefix="sd-xeon-perf-") as folder,
        Run(settings, settings.variants, Path(folder), progress) as run,
    ):
        for variant in settings.variants:
            if missing := run.find_missing(variant):
                raise WorkerError(variant.name, str(missing))
            yield _measure_one(run, variant, sessions, more_steps, keep)


def _measure_one(run: Run, variant: Variant, sessions: int, more_steps: int, keep: Path | None) -> Tried:
    steps = run.bench.protocol.steps
    identical: list[SessionRecord] = []
    slowed: list[SessionRecord] = []
    for number in range(2 * sessions):
        found, asked = (slowed, steps + more_steps) if number % 2 else (identical, steps)
        protocol = replace(run.bench.protocol, steps=asked)
        with run.measuring(variant, number + 1, replace(run.bench, protocol=protocol)) as measurement:
            measurement.all_rounds()
        found.append(SessionRecord.of(measurement.session, now()))
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            series.write(keep / f"{variant.name}-{asked}-steps.jsonl", found)
    return Tried(variant=variant, identical=identical, slowed=slowed, slowdown_percent=100 * more_steps / steps)


def scores(tried: Tried) -> list[Score]:
    """False alarms on the identical sessions and detection of the slowed ones, for every rule."""
    calm = list(draw(tried.identical, TRIALS, "shuffled"))
    generator = np.random.default_rng(SEED)
    slow = [Draw(one.baseline, _drawn(tried.slowed, generator)) for one in calm]
    deciders = {OURS: by_the_gate} | {name: by_rule(rule) for name, rule in PEERS.items()}
    return [
        score(tried.variant.name, rule, percent, [decide(one, 0) for one in draws])
        for rule, decide in deciders.items()
        for percent, draws in ((0.0, calm), (tried.slowdown_percent, slow))
    ]


def _drawn(slowed: Sequence[SessionRecord], generator: np.random.Generator) -> list[SessionRecord]:
    return [slowed[n] for n in generator.permutation(len(slowed))[:MAX_SESSIONS]]
