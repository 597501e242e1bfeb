"""The numbers of a session that the gate reads: SessionRecord, JSON both ways, its rounds as columns.

Baselines keep session records, and recorded series consist of them. Reading one believes nothing: a number that cannot
have been measured is a BadRecord that names the field.
"""

from __future__ import annotations

import datetime
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from perf.errors import BadRecord
from perf.records.checks import check_keys, check_number, check_time
from perf.records.counts import Counts
from perf.records.sample import Sample, Session

SIGNIFICANT_DIGITS = 6  # of a number in a file: a microsecond in a second


@dataclass(frozen=True, kw_only=True)
class Round:
    """One timed generation, in seconds, bytes, joules and counts; None for what was not recorded.

    ``probe_s`` is the machine's own speed around the generation (see perf.worker.probe). ``cpu_s`` is the CPU time of
    the worker's process, all threads. ``unet_step_s`` is the median of the generation's UNet steps. The joules are the
    machine's: those of its memory are a column of their own, since not all machines count them, and a sum with them
    must never be compared with one without. The counts from ``instructions`` on are those of
    perf.records.counts.Counts, of the whole generation.
    """

    latency_s: float
    cpu_s: float | None = None
    cpu_pressure_s: float | None = None
    involuntary_switches: float | None = None
    probe_s: float | None = None
    peak_rss_bytes: float | None = None
    text_encoder_s: float | None = None
    unet_step_s: float | None = None
    vae_decode_s: float | None = None
    safety_checker_s: float | None = None
    package_j: float | None = None
    dram_j: float | None = None
    instructions: float | None = None
    cycles: float | None = None
    reference_cycles: float | None = None
    cache_misses: float | None = None
    page_faults: float | None = None

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """Return the numbers of a sample that the gate reads."""
        parts, conditions, energy = sample.parts, sample.conditions, sample.energy
        counts = sample.counts.whole if sample.counts else Counts()
        return cls(
            latency_s=sample.latency_s,
            cpu_s=conditions.cpu_s,
            cpu_pressure_s=conditions.cpu_pressure_s,
            involuntary_switches=conditions.involuntary_switches,
            probe_s=sample.probe_s,
            peak_rss_bytes=conditions.peak_rss_bytes,
            text_encoder_s=parts.text_encoder_s,
            unet_step_s=statistics.median(parts.unet_steps_s) if parts.unet_steps_s else None,
            vae_decode_s=parts.vae_decode_s,
            safety_checker_s=parts.safety_checker_s,
            package_j=energy.package_j if energy else None,
            dram_j=energy.dram_j if energy else None,
            instructions=counts.instructions,
            cycles=counts.cycles,
            reference_cycles=counts.reference_cycles,
            cache_misses=counts.cache_misses,
            page_faults=counts.page_faults,
        )


COLUMNS = tuple(field.name for field in fields(Round))
REQUIRED = "latency_s"  # the one column that every record has
OPTIONAL = frozenset(COLUMNS) - {REQUIRED}
MAY_BE_ZERO = {
    *("cpu_pressure_s", "involuntary_switches", "text_encoder_s", "vae_decode_s", "safety_checker_s", "dram_j"),
    *("instructions", "cycles", "reference_cycles", "cache_misses", "page_faults"),
}


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """One session as the gate reads it.

    ``recorded`` is when it was measured (ISO 8601, with the zone), ``load_s`` how long the variant took to load,
    ``rounds`` are the timed ones, and ``probe`` names what timed the machine around them.
    """

    recorded: str
    load_s: float | None
    rounds: tuple[Round, ...]
    probe: str | None = None

    @property
    def measured_s(self) -> float:
        """When it was measured, in seconds since 1970."""
        return datetime.datetime.fromisoformat(self.recorded).timestamp()

    @classmethod
    def of(cls, session: Session, recorded: str) -> Self:
        """Return the record of a session that was measured at ``recorded`` (ISO 8601)."""
        rounds = tuple(map(Round.of, session.samples))
        return cls(recorded=recorded, load_s=session.load_s, rounds=rounds, probe=session.probe)

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON types, without the columns that nobody recorded."""
        columns = {name: [rounded(getattr(row, name)) for row in self.rounds] for name in COLUMNS}
        known = {name: column for name, column in columns.items() if any(value is not None for value in column)}
        return {"recorded": self.recorded, "load_s": rounded(self.load_s), "probe": self.probe, "rounds": known}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read what ``to_json`` wrote. Raises BadRecord."""
        fields = check_keys(data, required={"recorded", "load_s", "probe", "rounds"})
        load_s, probe = fields["load_s"], fields["probe"]
        if not isinstance(probe, str | None):
            raise BadRecord("probe", f"{probe!r} is not a name")
        return cls(
            recorded=check_time("recorded", fields["recorded"]),
            load_s=None if load_s is None else check_number("load_s", load_s),
            rounds=rounds_from_columns(fields["rounds"]),
            probe=probe,
        )


def rounds_from_columns(data: object) -> tuple[Round, ...]:
    """Return the rounds that columns of equal length make up. Raises BadRecord."""
    columns = check_keys(data, required={REQUIRED}, optional=set(OPTIONAL), where="rounds")
    _check_lengths(columns)
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return tuple(round_from(row, f"rounds[{number}].") for number, row in enumerate(rows))


def _check_lengths(columns: Mapping[str, Any]) -> None:
    for name, column in columns.items():
        if not isinstance(column, list) or not column:
            raise BadRecord(f"rounds.{name}", "is not a list of numbers")
    expected = len(columns[REQUIRED])
    for name, column in columns.items():
        if len(column) != expected:
            raise BadRecord(f"rounds.{name}", f"has {len(column)} values, {REQUIRED} has {expected}")


def round_from(values: Mapping[str, object], where: str = "") -> Round:
    """Return a Round of checked numbers.

    Args:
        values: Field -> number; None is accepted for all fields but the latency.
        where: What the path of a faulty field begins with, such as ``rounds[3].``

    Raises:
        BadRecord: A value cannot have been measured.
    """
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if value is None and name in OPTIONAL:
            checked[name] = None
        else:
            checked[name] = check_number(f"{where}{name}", value, may_be_zero=name in MAY_BE_ZERO)
    return Round(**checked)


def now() -> str:
    """Return the time as records have it: in UTC, in ISO 8601 to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def rounded(value: float | None) -> float | None:
    """Round to the digits that are worth keeping; whole numbers stay whole."""
    if value is None or isinstance(value, int) or value == 0:
        return value
    return round(value, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))


def mean_probe_s(before_s: float | None, after_s: float | None) -> float | None:
    """Return the probe's seconds around a round: the geometric mean, or one of the two where the other is unknown."""
    if before_s is None:
        return after_s
    if after_s is None:
        return before_s
    return math.sqrt(before_s * after_s)
