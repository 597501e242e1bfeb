"""RunWorkers, the workers of a run: those of one row at a time, beside which a pair has others, and ended for the next.

Earlier workers are ended before the next row's are started: pytest keeps a fixture until it needs the next one, and a
worker takes 5-11 GB.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from perf.host.machine import Machine
from perf.host.stack import Stack
from perf.measure.bench import Bench
from perf.measure.group import Group, side_by_side
from perf.measure.kept_worker import KeptWorker
from perf.measure.measurement import Measurement, measuring
from perf.spec.variant import Variant


class RunWorkers:
    """The workers of one run, whose files go below ``folder``.

    ``parts`` are those of the machine that instances side by side are bound to, where throughput is measured.
    """

    def __init__(self, folder: Path, parts: Sequence[Machine]) -> None:
        self._folder = folder
        self._parts = tuple(parts)
        self._live: list[Measurement | Group] = []
        self._kept: KeptWorker | None = None

    @contextlib.contextmanager
    def of_row(
        self, variant: Variant, stack: Stack, bench: Bench, *, label: str, session: int, alone: bool
    ) -> Iterator[Measurement | Group]:
        """Load a row in a worker, or in several side by side, and end what was started afterwards.

        In a sweep, the first worker of a row makes all settings that it can, one after the other, and is kept until
        another is wanted; a further session of a setting has a worker of its own, whose memory nothing else has used.

        Args:
            variant: The row.
            stack: Its stack.
            bench: What to measure with.
            label: The row's name in progress lines.
            session: The number of this worker among those of the row in this run, from 1.
            alone: Whether one worker is enough, where others run side by side.

        Raises:
            WorkerError: The variant could not be loaded.
        """
        folder = self._folder / f"{variant.name}-{session}"
        folder.mkdir(exist_ok=True)  # --failed-first asks for a row's verdict, which measures it, before its latency
        measurement: Measurement | Group
        with contextlib.ExitStack() as resources:
            if session == 1 and self._kept and self._kept.can_make(variant):
                kept, self._kept = self._kept, None
                resources.push(kept.resources)
                measurement = kept.measurement.following(variant, bench, label=label, folder=folder)
            else:
                self.end()
                start = self._starting(variant, stack, bench, folder, label, alone=alone)
                measurement = resources.enter_context(start)
            self._live = [measurement]
            yield measurement
            if isinstance(measurement, Measurement) and self._may_be_kept(measurement, session):
                self._kept = KeptWorker(measurement, resources.pop_all())

    @contextlib.contextmanager
    def beside(
        self, variant: Variant, stack: Stack, bench: Bench, *, label: str, prefix: str, **options: Any
    ) -> Iterator[Measurement | Group]:
        """Load a row in a further worker, or group of them, and leave those that are alive.

        Its folder's name begins with ``prefix``, and ``options`` are those of ``measuring``. Raises a WorkerError.
        """
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=self._folder))
        with self._starting(variant, stack, bench, folder, label, **options) as measurement:
            self._live.append(measurement)
            yield measurement

    def end(self) -> None:
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
        """Return what starts a worker, or one on each part of the machine."""
        if self._parts and not alone:
            return side_by_side(variant, stack, bench, folder, label, parts=self._parts, **options)
        return measuring(variant, stack, bench, folder, label, **options)

    def _may_be_kept(self, measurement: Measurement, session: int) -> bool:
        """Tell whether a row's first worker may make another setting of a sweep."""
        is_of_sweep = session == 1 and measurement.variant.setting_of is not None
        return is_of_sweep and self._kept is None and measurement.may_be_followed
