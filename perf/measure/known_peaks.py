"""The peaks that a run has measured: a worker takes three seconds for one, and all of a stack reach the same."""

from __future__ import annotations

from perf.host.stack import Stack
from perf.records.evidence import Peak
from perf.spec.variant import Variant

Kind = tuple[str, str, str]


class KnownPeaks:
    """The peak of each stack, by what else than float32 and bfloat16 was measured with it."""

    def __init__(self) -> None:
        self._peaks: dict[Kind, Peak] = {}

    def has(self, variant: Variant, stack: Stack) -> bool:
        """Tell whether a worker of this variant in this stack need not measure its peak."""
        return _kind(variant, stack) in self._peaks

    def of(self, variant: Variant, stack: Stack, measured: Peak | None) -> Peak | None:
        """Return the peak that a worker has measured now, and keep it, or else the known one; None if there is none."""
        kind = _kind(variant, stack)
        if measured:
            self._peaks[kind] = measured
        return self._peaks.get(kind)


def _kind(variant: Variant, stack: Stack) -> Kind:
    """Return what a peak is of; those of float16 and of 8 bits are measured by the variants alone that need them."""
    beyond = {"fp16-weights": "fp16", "int8-hybrid": "int8"}
    return stack.python, variant.backend, beyond.get(variant.arithmetic, "")
