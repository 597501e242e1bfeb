"""What a baseline file holds, JSON both ways: what was measured of one machine, model and protocol, row by row.

The schema, version 1. Every object is checked for missing, unknown and repeated keys, and every number for whether it
can have been measured::

    schema       1
    setting      what must be equal for a comparison: machine (the fingerprint), model, protocol
    particulars  what may differ and is then named: the CPU's brand, kernel, microcode, BIOS
    changes      when, why, and which rows, one entry per update
    rows         variant name -> variant (its specification), stack (Python and every package), sessions, and where
                 they are known the evidence of the latest update, and the digest (worker), commit and launch of the
                 worker's own code

A fault in the head makes the file useless, a fault in one row only that row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from perf.errors import BadRecord
from perf.gate.baseline_key import BaselineKey, Json
from perf.gate.baseline_row import BaselineRow
from perf.records.checks import check_keys

SCHEMA = 1
CHANGES_KEPT = 50


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A file's content. ``faults`` are those of rows that cannot be used, by variant name."""

    key: BaselineKey
    particulars: Json
    changes: tuple[Json, ...]
    rows: Mapping[str, BaselineRow]
    faults: Mapping[str, BadRecord]

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "setting": self.key.to_json(),
            "particulars": dict(self.particulars),
            "changes": [dict(change) for change in self.changes[-CHANGES_KEPT:]],
            "rows": {name: row.to_json() for name, row in self.rows.items()},
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Check and return a file's content. Raises BadRecord for a fault in the head; ``faults`` has those of rows."""
        if isinstance(data, dict) and data.get("schema") != SCHEMA:
            raise BadRecord("schema", f"is {data.get('schema')!r}, this version reads {SCHEMA}; update the suite")
        fields = check_keys(data, required={"schema", "setting", "particulars", "changes", "rows"})
        for name, kind in {"particulars": dict, "changes": list, "rows": dict}.items():
            if not isinstance(fields[name], kind):
                raise BadRecord(name, f"is {type(fields[name]).__name__}, not {kind.__name__}")
        rows, faults = _rows(fields["rows"])
        return cls(
            key=BaselineKey.from_json(fields["setting"]),
            particulars=fields["particulars"],
            changes=tuple(_change(number, change) for number, change in enumerate(fields["changes"])),
            rows=rows,
            faults=faults,
        )


def _rows(data: Mapping[str, Any]) -> tuple[dict[str, BaselineRow], dict[str, BadRecord]]:
    """Return the rows that can be used, and the faults of the others."""
    rows = {}
    faults = {name: BadRecord(f"rows.{name}", "occurs twice") for name in getattr(data, "repeated", ())}
    for name, entry in data.items():
        if name in faults:
            continue
        try:
            rows[name] = BaselineRow.from_json(entry)
        except BadRecord as error:
            faults[name] = error.within(f"rows.{name}")
    return rows, faults


def _change(number: int, data: object) -> Json:
    return check_keys(data, required={"when", "why", "rows"}, where=f"changes[{number}]")
