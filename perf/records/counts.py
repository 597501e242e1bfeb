"""Counts, what the kernel's counters say of a generation: by its parts, and of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from perf.records.checks import check_number
from perf.records.part import Part


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The counts of some time, all threads of the worker together; None for what this machine does not count.

    ``instructions`` are those retired, ``cycles`` those of the clock as it ran, ``reference_cycles`` those of a clock
    that never changes, ``cache_misses`` those of the last cache level: all of them outside of the kernel, as are
    ``page_faults``. ``task_clock_s`` is the CPU time.
    """

    instructions: int | None = None
    cycles: int | None = None
    reference_cycles: int | None = None
    cache_misses: int | None = None
    page_faults: int | None = None
    task_clock_s: float | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None:
                check_number(name, value, may_be_zero=True)

    @property
    def instructions_per_cycle(self) -> float | None:
        """How many instructions were retired in a cycle."""
        return self.instructions / self.cycles if self.instructions is not None and self.cycles else None

    @property
    def clock_hz(self) -> float | None:
        """Cycles per second of CPU time: the clock, less the share of that time that the kernel took."""
        return self.cycles / self.task_clock_s if self.cycles is not None and self.task_clock_s else None

    @classmethod
    def total(cls, counts: Iterable[Counts]) -> Self:
        """Return the sum; None for what is not known of each."""
        known = list(counts)
        sums: dict[str, Any] = {
            field.name: _sum([getattr(each, field.name) for each in known]) for field in fields(cls)
        }
        return cls(**sums)

    def per(self, images: float) -> Counts:
        """Return the share of one of so many images, the counts to the nearest whole one."""
        shares: dict[str, Any] = {
            name: None if value is None else value / images if name == "task_clock_s" else round(value / images)
            for name, value in vars(self).items()
        }
        return Counts(**shares)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


@dataclass(frozen=True, kw_only=True)
class GenerationCounts:
    """The counts of one generation: of each of its ``parts``, all UNet steps together, and of the ``rest``.

    Where a pipeline lets nobody look between its parts, all is in the rest.
    """

    parts: Mapping[Part, Counts]
    rest: Counts

    @property
    def whole(self) -> Counts:
        """The counts of the whole generation."""
        return Counts.total([*self.parts.values(), self.rest])

    @classmethod
    def per_image(cls, generations: Sequence[Self], images: float) -> Self:
        """Return an image's share of generations that made so many images together; each has the same parts."""
        return cls(
            parts={
                part: Counts.total(each.parts[part] for each in generations).per(images)
                for part in generations[0].parts
            },
            rest=Counts.total(each.rest for each in generations).per(images),
        )
