"""The checksum of a part of a baseline: against edits by hand and single damaged digits, not against malice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from perf.errors import BadRecord

FIELD = "checksum"
DIGITS = 16


def checksum(data: Mapping[str, Any]) -> str:
    """Return the checksum of JSON, 16 hexadecimal digits; its order and its blanks do not matter."""
    content = {name: value for name, value in data.items() if name != FIELD}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:DIGITS]


def check_checksum(data: Mapping[str, Any]) -> None:
    """Raise BadRecord if the data have a checksum, as all that this version writes do, and it is of other data."""
    if FIELD in data and data[FIELD] != checksum(data):
        raise BadRecord(
            FIELD,
            "is of other content: this was edited or damaged after it was recorded; restore the file from the "
            "repository, or record it anew",
        )
