"""Checks of values read from a file: each returns what it has checked, or raises BadRecord with the field's path."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from perf.errors import BadRecord

EARLIEST_YEAR, LATEST_YEAR = 1970, 9000  # an evaluation dates copies later, and datetime ends with 9999
LEAST, MOST = 1e-9, 1e18  # a nanosecond, and more bytes than any machine has


def check_keys(
    data: object, required: set[str], optional: set[str] | None = None, where: str = ""
) -> Mapping[str, Any]:
    """Return ``data`` as a mapping that has the required keys and no unknown ones.

    Args:
        data: What was read.
        required: Names that must be there.
        optional: Names that may be there.
        where: Path of ``data`` itself, which the path of a faulty field begins with.

    Raises:
        BadRecord: A name is missing, unknown or repeated (``data.repeated``), or ``data`` is not an object.
    """
    prefix = f"{where}." if where else ""
    if not isinstance(data, dict):
        raise BadRecord(where, f"is {type(data).__name__}, not an object")
    if repeated := getattr(data, "repeated", ()):
        raise BadRecord(f"{prefix}{repeated[0]}", "occurs twice")
    if missing := required - data.keys():
        raise BadRecord(f"{prefix}{min(missing)}", "is missing")
    if unknown := data.keys() - required - (optional or set()):
        raise BadRecord(f"{prefix}{min(unknown)}", "is not a field of this schema")
    return data


def check_text(field: str, value: object) -> str:
    """Return the value if it is text. Raises BadRecord."""
    if not isinstance(value, str):
        raise BadRecord(field, f"{value!r} is not text")
    return value


def check_count(field: str, value: object) -> int:
    """Return the value if it is a whole number above 0. Raises BadRecord."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadRecord(field, f"{value!r} is not a count")
    return value


def check_time(field: str, value: object) -> str:
    """Return the value if it is a time with its zone, in ISO 8601, in a year that nights are of. Raises BadRecord."""
    time = _time(value)
    if time is None or time.tzinfo is None:
        raise BadRecord(field, f"{value!r} is not a time with its zone")
    if not EARLIEST_YEAR <= time.year <= LATEST_YEAR:
        raise BadRecord(field, f"{value} is in no year of a measurement")
    return str(value)


def _time(value: object) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def check_number(field: str, value: object, *, may_be_zero: bool = False) -> float:
    """Return a number that can have been measured, in seconds, bytes or counts. Raises BadRecord.

    It is within LEAST and MOST, or 0 where it may be.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRecord(field, f"{value!r} is not a number")
    if not (LEAST <= value <= MOST or (value == 0 and may_be_zero)):
        raise BadRecord(field, f"{value!r} cannot have been measured")
    return value
