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
from perf.host.lock import hold
from perf.lab import series
from perf.lab.evaluate import TRIALS, rules
from perf.lab.scores import Score
from perf.lab.trials import SEED, Division, Trial, draw
from perf.measure.pedantic import all_rounds
from perf.measure.progress import Progress
from perf.measure.run import Run
from perf.measure.settings import Settings
from perf.records.session_record import SessionRecord, now
from perf.spec.variant import Variant
from perf.stats.decision import BaselineLevels
from perf.stats.mixture import Mixture
from perf.stats.shift import shift
from perf.stats.verdict import MAX_SESSIONS
from perf.stats.watch import LATENCY

ORDER = "shuffled"  # identical and slowed sessions alternate, as rows do in a ladder


@dataclass(frozen=True, kw_only=True)
class SelftestResult:
    """The sessions of one variant, in order of time: as it is, and with more steps."""

    variant: Variant
    identical: Sequence[SessionRecord]
    slowed: Sequence[SessionRecord]
    slowdown_percent: float

    @property
    def measured_shift(self) -> Mixture | None:
        """How far the slowed sessions really lie from the identical ones, on a log scale.

        None where other work disturbed all sessions of either kind.
        """
        reference = BaselineLevels.of(self.identical).comparable_with(self.slowed)
        identical = reference.levels[LATENCY.name]
        slowed = LATENCY.levels(self.slowed, reference.powers)
        if not identical or not slowed:
            return None
        return shift(identical, slowed, LATENCY.prior)


def measure(
    settings: Settings, sessions: int, more_steps: int, keep: Path | None, progress: Progress
) -> Iterator[SelftestResult]:
    """Measure each variant ``sessions`` times as it is, and as often with ``more_steps`` more denoising steps.

    Args:
        settings: those of a run.
        sessions: how many of either kind.
        more_steps: the planted slowdown.
        keep: a folder for the sessions measured so far, as input for ``evaluate``; None to keep none.
        progress: where to show it.

    Raises:
        PerfError: a variant cannot be measured.
    """
    with (
        hold(wait_s=settings.wait_s, on_wait=progress.line),
        tempfile.TemporaryDirectory(prefix="sd-xeon-perf-", ignore_cleanup_errors=True) as folder,
        Run(settings, settings.variants, Path(folder), progress) as run,
    ):
        for variant in settings.variants:
            if missing := run.find_missing(variant):
                raise WorkerError(variant.name, str(missing))
            yield _measure_variant(run, variant, sessions, more_steps, keep)


def _measure_variant(run: Run, variant: Variant, sessions: int, more_steps: int, keep: Path | None) -> SelftestResult:
    bench = run.bench_of(variant)
    steps = bench.protocol.steps
    identical: list[SessionRecord] = []
    slowed: list[SessionRecord] = []
    for number in range(2 * sessions):
        is_slowed = number % 2 == 1
        records = slowed if is_slowed else identical
        steps_now = steps + more_steps if is_slowed else steps
        protocol = replace(bench.protocol, steps=steps_now)
        with run.measuring(variant, number + 1, replace(bench, protocol=protocol)) as measurement:
            all_rounds(measurement)
        records.append(SessionRecord.of(measurement.session, now()))
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            series.write(keep / f"{variant.name}-{steps_now}-steps.jsonl", records)
    return SelftestResult(
        variant=variant, identical=identical, slowed=slowed, slowdown_percent=100 * more_steps / steps
    )


def scores(result: SelftestResult) -> list[Score]:
    """Score every rule: false alarms on the identical sessions, and detection of the slowed ones."""
    identical = list(draw(result.identical, TRIALS, ORDER))
    generator = np.random.default_rng(SEED)
    slowed = [with_fresh(trial, _drawn(result.slowed, generator)) for trial in identical]
    return [
        Score.of(result.variant.name, ORDER, rule, percent, [apply(trial, 0) for trial in trials])
        for rule, apply in rules().items()
        for percent, trials in ((0.0, identical), (result.slowdown_percent, slowed))
    ]


def with_fresh(trial: Trial, fresh: Sequence[SessionRecord]) -> Trial:
    """Return a trial of the same baseline with other fresh sessions."""
    return replace(trial, division=Division(trial.division.baseline, fresh))


def _drawn(slowed: Sequence[SessionRecord], generator: np.random.Generator) -> list[SessionRecord]:
    """Draw as many slowed sessions as the gate may ask for, without putting any back."""
    return [slowed[n] for n in generator.permutation(len(slowed))[:MAX_SESSIONS]]
