"""Data from outside as the types of perf.records: what does not fit is a BadRecord that names the field.

msgspec compares the data with a dataclass's annotations, and runs its ``__post_init__``, which has the bounds. It reads
the annotations when it first meets a class, and two threads that do so at once end the process (msgspec 0.22.0): so one
converts after the other, which takes microseconds.
"""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

from perf.errors import BadRecord

T = TypeVar("T")

ONE_AT_A_TIME = threading.Lock()


def convert(data: object, kind: type[T]) -> T:
    """Return parsed JSON as a dataclass; fields that it does not know are left out. Raises BadRecord."""
    try:
        with ONE_AT_A_TIME:
            return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        raise BadRecord(place.strip("`."), f"is wrong: {reason}") from None
