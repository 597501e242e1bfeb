"""Data from outside as the types of perf.records: what does not fit is a BadRecord that names the field.

msgspec compares the data with a dataclass's annotations, and runs its ``__post_init__``, which has the bounds.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from perf.errors import BadRecord

T = TypeVar("T")


def convert(data: object, kind: type[T]) -> T:
    """Return parsed JSON as a dataclass; fields that it does not know are left out. Raises BadRecord."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        raise BadRecord(place.strip("`."), f"is wrong: {reason}") from None
