"""What the gate reads of a session: Record, its rounds as columns of numbers, JSON both ways.

A Record is what baselines keep and what recorded series are made of. Reading one believes nothing: a number that
cannot have been measured is a BadRecord that names the field.
"""

from __future__ import annotations

import datetime
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from perf.errors import BadRecord
from perf.records.sample import Sample, Session

SIGNIFICANT_DIGITS = 6  # of what is kept in a file: a microsecond in a second


@dataclass(frozen=True, kw_only=True)
class Round:
    """One timed generation. Seconds, bytes and counts; None for what was not recorded.

    ``probe_s`` is the machine's own speed around it (see perf.worker.probe); ``cpu_s`` is of the worker, all threads;
    ``unet_step_s`` is the median of the generation's UNet steps.
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

    @classmethod
    def of(cls, sample: Sample) -> Self:
        parts, conditions = sample.parts, sample.conditions
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
        )


COLUMNS = tuple(field.name for field in fields(Round))
MAY_BE_ZERO = {"cpu_pressure_s", "involuntary_switches", "text_encoder_s", "vae_decode_s", "safety_checker_s"}


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """One session: when it was measured (ISO 8601), how long it took to load, its timed rounds, and what probed."""

    recorded: str
    load_s: float | None
    rounds: tuple[Round, ...]
    probe: str | None = None

    @property
    def measured_s(self) -> float:
        """Seconds since 1970."""
        return datetime.datetime.fromisoformat(self.recorded).timestamp()

    @classmethod
    def of(cls, session: Session, recorded: str) -> Self:
        rounds = tuple(map(Round.of, session.samples))
        return cls(recorded=recorded, load_s=session.load_s, rounds=rounds, probe=session.probe)

    def to_json(self) -> dict[str, Any]:
        """Columns that nobody recorded are left out."""
        columns = {name: [rounded(getattr(one, name)) for one in self.rounds] for name in COLUMNS}
        known = {name: column for name, column in columns.items() if any(value is not None for value in column)}
        return {"recorded": self.recorded, "load_s": rounded(self.load_s), "probe": self.probe, "rounds": known}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises BadRecord."""
        found = check_keys(data, required={"recorded", "load_s", "probe", "rounds"})
        if not isinstance(found["probe"], str | None):
            raise BadRecord("probe", f"{found['probe']!r} is not a name")
        check_time("recorded", found["recorded"])
        load_s = None if found["load_s"] is None else check_number("load_s", found["load_s"])
        rounds = rounds_from_columns(found["rounds"])
        return cls(recorded=found["recorded"], load_s=load_s, rounds=rounds, probe=found["probe"])


def rounds_from_columns(data: object) -> tuple[Round, ...]:
    """Rounds of columns of equal length. Raises BadRecord."""
    columns = check_keys(data, required={"latency_s"}, optional=set(COLUMNS), where="rounds")
    for name in sorted(columns, key=lambda name: name != "latency_s"):
        column = columns[name]
        if not isinstance(column, list) or not column:
            raise BadRecord(f"rounds.{name}", "is not a list of numbers")
        if len(column) != len(columns["latency_s"]):
            raise BadRecord(f"rounds.{name}", f"has {len(column)} values, latency_s has {len(columns['latency_s'])}")
    rows = zip(*columns.values(), strict=True)
    return tuple(round_from(dict(zip(columns, row, strict=True)), f"rounds[{n}].") for n, row in enumerate(rows))


def round_from(values: Mapping[str, object], where: str = "") -> Round:
    """A Round of checked numbers. Raises BadRecord with the field's path, which starts with ``where``."""
    optional = set(COLUMNS) - {"latency_s"}
    checked: dict[str, Any] = {
        name: None
        if value is None and name in optional
        else check_number(f"{where}{name}", value, may_be_zero=name in MAY_BE_ZERO)
        for name, value in values.items()
    }
    return Round(**checked)


def check_keys(
    data: object, required: set[str], optional: set[str] | None = None, where: str = ""
) -> Mapping[str, Any]:
    """``data`` as a mapping that has the required keys and no unknown ones. Raises BadRecord."""
    prefix = f"{where}." if where else ""
    if not isinstance(data, dict):
        raise BadRecord(where, f"is {type(data).__name__}, not an object")
    for name in getattr(data, "repeated", ()):
        raise BadRecord(f"{prefix}{name}", "is there twice")
    for name in sorted(required - data.keys()):
        raise BadRecord(f"{prefix}{name}", "is missing")
    for name in sorted(data.keys() - required - (optional or set())):
        raise BadRecord(f"{prefix}{name}", "is not a field of this schema")
    return data


def check_time(field: str, value: object) -> None:
    """Raises BadRecord unless the value is a time with its zone, in ISO 8601."""
    try:
        known = isinstance(value, str) and datetime.datetime.fromisoformat(value).tzinfo
    except ValueError:
        known = None
    if not known:
        raise BadRecord(field, f"{value!r} is not a time with its zone")


def check_number(field: str, value: object, *, may_be_zero: bool = False) -> float:
    """A number that can have been measured: finite, and above 0 unless it may be 0. Raises BadRecord."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRecord(field, f"{value!r} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0 or (number == 0 and not may_be_zero):
        raise BadRecord(field, f"{value!r} cannot have been measured")
    return value


def rounded(value: float | None) -> float | None:
    """To the digits that are worth keeping; whole numbers stay whole."""
    if value is None or isinstance(value, int) or value == 0:
        return value
    return round(value, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))


def mean_probe_s(before_s: float | None, after_s: float | None) -> float | None:
    """What the probe showed around a round, as a geometric mean; one of the two where the other is not known."""
    if before_s is None or after_s is None:
        return before_s or after_s
    return math.sqrt(before_s * after_s)


def medians(records: Sequence[SessionRecord], name: str) -> list[float]:
    """The median of one column per record, where it was recorded."""
    columns = ([getattr(one, name) for one in record.rounds] for record in records)
    known = ([value for value in column if value is not None] for column in columns)
    return [statistics.median(column) for column in known if column]
