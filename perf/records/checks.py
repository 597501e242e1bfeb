"""Checks of values read from a file: each returns what it has checked, or raises BadRecord with the field's path."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

from perf.errors import BadRecord


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


def check_time(field: str, value: object) -> str:
    """Return the value if it is a time with its zone, in ISO 8601. Raises BadRecord."""
    if not isinstance(value, str) or not _has_zone(value):
        raise BadRecord(field, f"{value!r} is not a time with its zone")
    return value


def _has_zone(text: str) -> bool:
    try:
        return datetime.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def check_number(field: str, value: object, *, may_be_zero: bool = False) -> float:
    """Return a number that can have been measured: finite, and above 0 unless it may be 0. Raises BadRecord."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRecord(field, f"{value!r} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0 or (number == 0 and not may_be_zero):
        raise BadRecord(field, f"{value!r} cannot have been measured")
    return value
