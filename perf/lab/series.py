"""Recorded series: identical sessions, one JSON object a line, as input for the evaluation.

Two forms are read. A line of ``rounds`` as objects, from a bare loop::

    {"variant": "...", "when": 1795398992.07, "build": 11.3, "rounds": [
        {"t": seconds, "cpu": seconds, "psi": microseconds, "nivcsw": count, "probe": [seconds, ...]}, ...]}

and a line that is a perf.records.session_record.SessionRecord, as ``python -m perf selftest`` writes them.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from perf.errors import BadRecord, BadSeries
from perf.host.regular_file import read_text
from perf.records.checks import check_number, check_time
from perf.records.session_record import Round, SessionRecord, mean_probe_s, round_from
from perf.records.strict_json import parse

MAX_BYTES = 256 * 1024**2


def read(path: Path) -> list[SessionRecord]:
    """Read the sessions of a file, in the order recorded. Raises BadSeries, which names the line."""
    try:
        lines = read_text(path, MAX_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSeries(f"{path}: cannot be read: {error}") from error
    records = [_record(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not records:
        raise BadSeries(f"{path}: holds no session")
    return records


def write(path: Path, records: list[SessionRecord]) -> None:
    """Write the sessions, a line each."""
    path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in records), encoding="utf-8")


def _record(line: str, where: str) -> SessionRecord:
    try:
        data = parse(line)
    except ValueError as error:
        raise BadSeries(f"{where}: not JSON: {error}") from error
    try:
        is_bare = isinstance(data, dict) and isinstance(data.get("rounds"), list)
        record = _bare_session(data) if is_bare else SessionRecord.from_json(data)
    except BadRecord as error:
        raise BadSeries(f"{where}: {error}") from error
    return record


def _bare_session(data: Mapping[str, Any]) -> SessionRecord:
    if not data["rounds"]:
        raise BadRecord("rounds", "is empty")
    rounds = tuple(_bare_round(timed, f"rounds[{number}].") for number, timed in enumerate(data["rounds"]))
    return SessionRecord(
        recorded=_recorded(data.get("when", 0)),
        load_s=None if data.get("build") is None else check_number("build", data["build"]),
        rounds=_with_probes_around(rounds),
    )


def _recorded(when: object) -> str:
    """Return the time in ISO 8601. Raises BadRecord for what is not one in seconds since 1970."""
    if isinstance(when, bool) or not isinstance(when, int | float):
        raise BadRecord("when", f"{when!r} is not a time in seconds")
    try:
        recorded = datetime.datetime.fromtimestamp(when, datetime.UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError) as error:
        raise BadRecord("when", f"{when!r} is not a time in seconds: {error}") from error
    return check_time("when", recorded)


def _with_probes_around(rounds: Sequence[Round]) -> tuple[Round, ...]:
    """Give each round the mean of what was probed before it and after it. The loop probed before each round."""
    following = [*rounds[1:], *rounds[-1:]]
    return tuple(
        replace(timed, probe_s=mean_probe_s(timed.probe_s, next_timed.probe_s))
        for timed, next_timed in zip(rounds, following, strict=True)
    )


def _bare_round(data: object, where: str) -> Round:
    if not isinstance(data, dict) or "t" not in data:
        raise BadRecord(f"{where}t", "is missing")
    probes = data.get("probe") or [None]
    known = {
        "latency_s": data["t"],
        "cpu_s": data.get("cpu"),
        "cpu_pressure_s": data["psi"] / 1e6 if isinstance(data.get("psi"), int | float) else None,
        "involuntary_switches": data.get("nivcsw"),
        "probe_s": probes[0] if isinstance(probes, list) else probes,
    }
    return round_from(known, where)
