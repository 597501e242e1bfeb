"""TOML files that people write: read whole, and every fault in them one line that names the file and the key."""

from __future__ import annotations

import contextlib
import datetime
import math
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from perf.errors import BadInput, UnknownName

MAX_BYTES = 1024**2
# In this order: true and false are numbers to Python as well, and a time of day has a date.
TYPES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    datetime.datetime: "a time",
    datetime.date: "a date such as 2026-12-31, without quotes",
    datetime.time: "a time",
    list: "a list",
    dict: "a table",
}


def read(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds. Raises BadInput, which names the file."""
    try:
        if not path.is_file():
            raise BadInput(f"{path}: is not a file")
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path}: over {MAX_BYTES >> 20} MiB, which nobody has written")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise BadInput(f"{path}: nested too deeply") from None
    except ValueError as error:  # not UTF-8, not TOML
        raise BadInput(f"{path}: not TOML: {error}") from None


@contextlib.contextmanager
def naming(place: object) -> Iterator[None]:
    """Put the file, or the key, in front of what is said to be wrong with its content."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{place}: {error}") from None


def check_keys(table: Mapping[str, Any], required: Collection[str], optional: Collection[str] = ()) -> None:
    """Raise BadInput unless the table has the required keys, and UnknownName for one that does not exist."""
    known = {*required, *optional}
    for key in table:
        if key not in known:
            raise UnknownName("key", key, known)
    for key in required:
        if key not in table:
            raise BadInput(f"{key} is missing")


def check_type(key: str, value: object, wanted: type) -> Any:
    """Return the value of a key if it has this type, one of TYPES; a whole number is a number too. Raises BadInput."""
    kind = _kind(value)
    if kind is int and wanted is float:
        return float(value)  # type: ignore[arg-type]  # an int: _kind says so
    if kind is not wanted:
        raise BadInput(f"{key} is {TYPES[kind]}, not {TYPES[wanted]}")
    return value


def check_percent(key: str, value: object, least: float, most: float) -> float:
    """Return a number of percent as a fraction, if it is within these bounds. Raises BadInput."""
    percent = check_type(key, value, float)
    if not math.isfinite(percent) or not least <= percent <= most:
        raise BadInput(f"{key} {percent:g}: must be {least:g} to {most:g} percent")
    return float(percent / 100)


def _kind(value: object) -> type:
    return next(kind for kind in TYPES if isinstance(value, kind))
