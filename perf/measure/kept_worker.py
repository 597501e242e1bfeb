"""The worker of a row in a sweep, kept between two of the row's settings where it can make both."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from perf.measure.measurement import Measurement
from perf.spec.sweep import can_follow
from perf.spec.variant import Variant


@dataclass(frozen=True)
class KeptWorker:
    """A worker that has made one setting and waits for the next: its last measurement, and what is to be closed."""

    measurement: Measurement
    resources: ExitStack

    def can_make(self, variant: Variant) -> bool:
        """Tell whether it can make this row too, and has not died meanwhile."""
        return can_follow(variant, self.measurement.variant) and self.measurement.may_be_followed

    def end(self) -> None:
        """End the worker."""
        self.resources.close()
