"""results/upgrade.json, read again: what two stacks in turns have shown on one machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from perf.errors import BadRecord, BadRun
from perf.history.recorded_run import describe_machine
from perf.host.regular_file import read_text
from perf.records.strict_json import parse
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.verdict import percent

MAX_BYTES = 256 * 1024**2  # with every pair of every row
SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row's name, verdict and sentence; its change and interval in words, dashes where there are none."""

    name: str
    verdict: PairedVerdict
    sentence: str
    change: str
    interval: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read an entry of the results. Raises LookupError, TypeError or ValueError."""
        latency = data["latency"]
        low, ratio, high = (_ratio(latency[name]) for name in ("low", "ratio", "high")) if latency else (None,) * 3
        return cls(
            name=str(data["variant"]),
            verdict=PairedVerdict(data["verdict"]),
            sentence=str(data["says"]),
            change=percent(ratio) if ratio else "-",
            interval=f"{percent(low)} to {percent(high)}" if low and high else "-",
        )


@dataclass(frozen=True, kw_only=True)
class StackComparison:
    """A machine, the stack that was compared with its candidate, in what packages the two differ, and the rows."""

    machine: str
    codename: str
    stack: str
    changes: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the whole. Raises LookupError, TypeError, ValueError or AttributeError."""
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']}, where {SCHEMA} is known")
        return cls(
            machine=describe_machine(data["machine"]),
            codename=str(data["machine"]["fingerprint"]["codename"]),
            stack=str(data["reference"]["name"]),
            changes=tuple(map(str, data["package_changes"])),
            rows=tuple(map(Row.from_json, data["results"])),
        )


def read(path: Path) -> StackComparison:
    """Read the JSON of a comparison. Raises BadRun, which names the file."""
    try:
        return StackComparison.from_json(parse(read_text(path, MAX_BYTES)))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, BadRecord) as error:
        raise BadRun(f"{path} is no comparison of two stacks: {error!r}") from None


def _ratio(value: Any) -> float:
    """Return a ratio of seconds. Raises ValueError or TypeError for any other value."""
    ratio = float(value)
    if not (math.isfinite(ratio) and ratio > 0):
        raise ValueError(f"{ratio} is no ratio")
    return ratio
