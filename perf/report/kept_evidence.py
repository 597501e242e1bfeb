"""The evidence of a night's row, as Evidence again."""

from __future__ import annotations

from perf.errors import BadHistory, BadRecord
from perf.gate.baseline_key import Json
from perf.records.evidence import Evidence
from perf.records.typed_json import convert


def evidence_of(row: str, began: str, kept: Json | None) -> Evidence | None:
    """Return a row's evidence of a night, if it was kept. Raises BadHistory where it cannot be read."""
    if not kept:
        return None
    try:
        return convert(kept, Evidence)
    except (BadRecord, LookupError, TypeError, ValueError) as error:
        raise BadHistory(f"{row}'s evidence of {began} cannot be read: {error!r}") from None
