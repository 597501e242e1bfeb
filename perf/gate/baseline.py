"""What a baseline file holds, JSON both ways: what was measured of one machine, model and protocol, row by row.

The schema, version 1. Every object is checked for missing, unknown and repeated keys, every number for whether it can
have been measured, and all of them for whether they hold together (perf.gate.plausibility)::

    schema       1
    setting      what must be equal for a comparison: machine (the fingerprint), model, protocol
    particulars  what may differ and is then named: the CPU's brand, kernel, microcode, BIOS
    changes      when, why, and which rows, one entry per update
    rows         variant name -> variant (its specification), stack (Python and every package), sessions, and where
                 they are known the evidence of the latest update, and the digest (worker), commit and launch of the
                 worker's own code
    checksum     of setting and particulars; each row has one of its own. Two branches that record different rows can
                 so be merged by hand

A fault in the head makes the file useless, a fault in one row only that row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from perf.errors import BadRecord
from perf.gate import checksum, plausibility
from perf.gate.baseline_key import BaselineKey, Json
from perf.gate.baseline_row import BaselineRow
from perf.records.checks import check_keys, check_text, check_time

SCHEMA = 1
CHANGES_KEPT = 50
CHECKED_TOGETHER = ("setting", "particulars", checksum.FIELD)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A file's content. ``faults`` are those of rows that cannot be used, by variant name."""

    key: BaselineKey
    particulars: Json
    changes: tuple[Json, ...]
    rows: Mapping[str, BaselineRow]
    faults: Mapping[str, BadRecord]

    def to_json(self) -> dict[str, Any]:
        head = {"setting": self.key.to_json(), "particulars": dict(self.particulars)}
        return {
            "schema": SCHEMA,
            **head,
            checksum.FIELD: checksum.checksum(head),
            "changes": [dict(change) for change in self.changes[-CHANGES_KEPT:]],
            "rows": {name: row.to_json() for name, row in self.rows.items()},
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Check and return a file's content. Raises BadRecord for a fault in the head; ``faults`` has those of rows."""
        if isinstance(data, dict) and data.get("schema") != SCHEMA:
            raise BadRecord("schema", f"is {data.get('schema')!r}, this version reads {SCHEMA}; update the suite")
        required = {"schema", "setting", "particulars", "changes", "rows"}
        fields = check_keys(data, required=required, optional={checksum.FIELD})
        for name, kind in {"particulars": dict, "changes": list, "rows": dict}.items():
            if not isinstance(fields[name], kind):
                raise BadRecord(name, f"is {type(fields[name]).__name__}, not {kind.__name__}")
        key = BaselineKey.from_json(fields["setting"])
        checksum.check_checksum({name: fields[name] for name in CHECKED_TOGETHER if name in fields})
        rows, faults = _rows(fields["rows"])
        for name, fault in plausibility.faults_of(rows, key).items():
            faults[name] = fault.within(f"rows.{name}")
            del rows[name]
        changes = tuple(_change(number, change) for number, change in enumerate(fields["changes"]))
        return cls(
            key=key,
            particulars=fields["particulars"],
            changes=changes,
            rows=rows,
            faults=_lost(changes, {*rows, *faults}) | faults,
        )


def _lost(changes: Iterable[Json], known: Collection[str]) -> dict[str, BadRecord]:
    """Return the rows that were recorded by these changes and are not known any more: renamed, or taken out."""
    recorded = {name for change in changes for name in change["rows"]}
    reason = "is missing, though it was recorded; restore the file, or take its name out of changes as well"
    return {name: BadRecord(f"rows.{name}", reason) for name in sorted(recorded - set(known))}


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
    where = f"changes[{number}]"
    change = check_keys(data, required={"when", "why", "rows"}, where=where)
    check_time(f"{where}.when", change["when"])
    check_text(f"{where}.why", change["why"])
    if not isinstance(change["rows"], list):
        raise BadRecord(f"{where}.rows", "is not a list of rows")
    for name in change["rows"]:
        check_text(f"{where}.rows", name)
    return change
