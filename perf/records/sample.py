"""Sample, one timed generation, and Session, one worker's life: to JSON here, and back by perf.records.typed_json.

Making one believes nothing: a number that cannot have been measured is a BadRecord that names the field.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from perf.errors import BadRecord
from perf.records.checks import check_number
from perf.records.counts import GenerationCounts
from perf.records.energy import Energy
from perf.records.part import Part

SCHEMA = 1
ROUNDING_S = 1e-6  # of differences of clocks


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The wall time of one generation by its parts, in seconds; the parts and ``rest_s`` add up to the whole."""

    text_encoder_s: float
    unet_steps_s: tuple[float, ...]
    vae_decode_s: float
    safety_checker_s: float
    rest_s: float

    @property
    def total_s(self) -> float:
        """The wall time of the whole generation."""
        return self.text_encoder_s + sum(self.unet_steps_s) + self.vae_decode_s + self.safety_checker_s + self.rest_s

    def __post_init__(self) -> None:
        for name in ("text_encoder_s", "vae_decode_s", "safety_checker_s"):
            check_number(name, getattr(self, name), may_be_zero=True)
        for step_s in self.unet_steps_s:
            check_number("unet_steps_s", step_s)
        if not math.isfinite(self.rest_s) or self.rest_s < -ROUNDING_S:
            raise BadRecord("rest_s", f"{self.rest_s!r} cannot have been measured")


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditions of one generation: what the worker used, and how disturbed the machine was.

    ``cpu_s`` and ``involuntary_switches`` count all threads of the worker's process. ``peak_rss_bytes`` is the peak
    of this generation alone, or None where the kernel does not let it be reset. ``cpu_pressure_s`` is the time during
    which some task on the machine waited for a CPU (PSI), or None where the kernel does not account for it.
    ``steal_s`` is the time that the hypervisor took, summed over the CPUs.
    """

    cpu_s: float
    peak_rss_bytes: int | None
    involuntary_switches: int
    cpu_pressure_s: float | None
    steal_s: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None:
                check_number(name, value, may_be_zero=name != "peak_rss_bytes")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The conditions of one turn of a generation that takes turns: from its grant until the worker asks for the next.

    ``part`` is the call that the turn was for; what the pipeline does between two calls belongs to the first of them.
    The other fields are those of Conditions, and ``wall_s`` is the turn's length.
    """

    part: Part
    wall_s: float
    cpu_s: float
    involuntary_switches: int
    cpu_pressure_s: float | None

    def __post_init__(self) -> None:
        for name in ("wall_s", "cpu_s", "involuntary_switches", "cpu_pressure_s"):
            if (value := getattr(self, name)) is not None:
                check_number(name, value, may_be_zero=True)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One generation: its wall time in the worker, its parts, and the conditions it ran under.

    ``probe_s`` is the time of a fixed matrix product (see perf.worker.probe), the geometric mean of just before and
    just after the generation; None for a warm-up. ``turns`` are those of a generation that took turns, in order; None
    of any other, and of one that a worker of an earlier version made. ``counts`` are those of the kernel's counters;
    None where nothing could be counted. ``ended_s`` is when it ended, by the machine's monotonic clock, which all
    workers share; None where that was not recorded. ``energy`` is what the machine used meanwhile, of a generation in
    turns during its own; None where that could not be read. Where a worker makes several images at once, the sample is
    of all of them.

    Raises BadRecord for what cannot have been measured, and if its turns are not those of its UNet steps.
    """

    steps: int
    latency_s: float
    parts: Parts
    conditions: Conditions
    probe_s: float | None = None
    turns: tuple[Turn, ...] | None = None
    counts: GenerationCounts | None = None
    ended_s: float | None = None
    energy: Energy | None = None

    def __post_init__(self) -> None:
        check_number("steps", self.steps)
        check_number("latency_s", self.latency_s)
        for name in ("probe_s", "ended_s"):
            if (value := getattr(self, name)) is not None:
                check_number(name, value)
        if self.turns is None:
            return
        turns = sum(turn.part is Part.UNET_STEP for turn in self.turns)
        if turns != len(self.parts.unet_steps_s):
            raise BadRecord("turns", f"{turns} turns of UNet steps and {len(self.parts.unet_steps_s)} steps")

    def check_steps(self, asked: int) -> None:
        """Raise BadRecord if the worker says that it was asked for other steps, or made fewer calls of the UNet."""
        if self.steps != asked:
            raise BadRecord("steps", f"is {self.steps}, where {asked} were asked for")
        if len(self.parts.unet_steps_s) < asked:
            raise BadRecord("unet_steps_s", f"has {len(self.parts.unet_steps_s)} times, of {asked} steps")

    def check_parts(self) -> None:
        """Raise BadRecord unless the parts add up to the whole."""
        if not math.isclose(self.parts.total_s, self.latency_s, rel_tol=1e-3, abs_tol=ROUNDING_S):
            raise BadRecord("latency_s", f"{self.latency_s:g} s, and its parts add up to {self.parts.total_s:g} s")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One of several workers side by side: its CPUs, as Linux lists them, and the seconds of each timed call."""

    cpus: str
    latencies_s: tuple[float, ...]

    def __post_init__(self) -> None:
        for number, latency_s in enumerate(self.latencies_s):
            check_number(f"latencies_s[{number}]", latency_s)


@dataclass(frozen=True, kw_only=True)
class Session:
    """One worker's life: how long it took to load (without the export), its warm-ups, and its timed samples.

    In a sweep, a worker may have a session for each of several settings: the load is the first one's, and None in the
    others. ``probe`` names what timed the machine around each sample; figures of different probes cannot be compared.
    Where several workers made images side by side, ``instances`` are these, and a sample is what an image took all of
    them together (perf.stats.window).
    """

    variant: str
    load_s: float | None
    export_s: float
    warmups: tuple[Sample, ...]
    samples: tuple[Sample, ...]
    probe: str | None = None
    instances: tuple[Instance, ...] = ()

    @property
    def peak_rss_bytes(self) -> int | None:
        """The largest peak of the timed generations, or None where it could not be read."""
        return largest_peak(self.samples)

    @property
    def warmup_peak_rss_bytes(self) -> int | None:
        """The largest peak of the warm-ups, or None where it could not be read."""
        return largest_peak(self.warmups)

    @property
    def energy_j(self) -> float | None:
        """The median joules of the timed generations, or None where they could not be read."""
        known = [sample.energy.total_j for sample in self.samples if sample.energy]
        return statistics.median(known) if known else None

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, **asdict(self)}


def largest_peak(samples: Iterable[Sample]) -> int | None:
    """Return the largest peak memory of these generations, or None where it could not be read."""
    peaks = (sample.conditions.peak_rss_bytes for sample in samples)
    return max((peak for peak in peaks if peak is not None), default=None)
