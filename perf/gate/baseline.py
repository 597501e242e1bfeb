"""What a baseline file holds, JSON both ways: what was measured under which setting, row by row.

The schema, version 1. Every object is checked for missing, unknown and repeated keys, and every number for whether it
can have been measured::

    schema       1
    setting      what must be equal for a comparison: machine (the fingerprint), model, protocol
    particulars  what may differ and is then said: the CPU's brand, kernel, microcode
    changes      when, why, and which rows, one entry per update
    rows         variant name -> variant (its specification), stack (Python and every package), sessions, and where
                 they are known the evidence of the latest update and the digest of the worker's own code

A fault in the head makes the file useless, a fault in one row only that row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from perf.errors import BadRecord
from perf.host.machine import Machine
from perf.host.stack import Stack
from perf.host.worker_code import worker_digest
from perf.measure.checkpoints import Model
from perf.measure.settings import SESSIONS_KEPT
from perf.records.checks import check_keys
from perf.records.evidence import Evidence
from perf.records.session_record import SessionRecord
from perf.spec.protocol import COMPARED_FIELDS, Protocol
from perf.spec.variant import Variant

SCHEMA = 1
CHANGES_KEPT = 50
NOT_THE_VARIANT = {"name", "about", "published_s"}  # words about it

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class BaselineKey:
    """What must be equal for a comparison; its parts are of JSON types."""

    machine: Json
    model: Json
    protocol: Json

    @classmethod
    def of(cls, machine: Machine, model: Model, protocol: Protocol) -> Self:
        return cls(machine=machine.fingerprint, model=model.to_json(), protocol=protocol.compared)

    @property
    def file_name(self) -> str:
        """A name that people can read and that no other setting has."""
        model = "".join(letter if letter.isalnum() else "-" for letter in str(self.model["name"]).rsplit("/")[-1])
        return f"{model}-{self.protocol['size']}-{self.protocol['steps']}steps-{self.digest[:8]}.json"

    @property
    def digest(self) -> str:
        """Of what is compared: a model is its content, whatever its name."""
        compared = [dict(self.machine), self.model["digest"], dict(self.protocol)]
        return hashlib.sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()

    def differences(self, here: BaselineKey) -> list[str]:
        """What keeps this setting from being compared with that of a run, most telling first."""
        found = self.machine_differences(here)
        if self.model["digest"] != here.model["digest"]:
            found.append(f"model: {self.model['name']}, here {here.model['name']} (or other weights)")
        return found + _differences("protocol", self.protocol, here.protocol)

    def machine_differences(self, here: BaselineKey) -> list[str]:
        """What keeps that of another machine from being compared, whatever the model and protocol."""
        return _differences("machine", self.machine, here.machine)

    def to_json(self) -> dict[str, Any]:
        return {"machine": dict(self.machine), "model": dict(self.model), "protocol": dict(self.protocol)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises BadRecord."""
        found = check_keys(data, required={"machine", "model", "protocol"}, where="setting")
        check_keys(found["model"], required={"name", "digest"}, where="setting.model")
        check_keys(found["protocol"], required=set(COMPARED_FIELDS), where="setting.protocol")
        if not isinstance(found["machine"], dict) or "codename" not in found["machine"]:
            raise BadRecord("setting.machine.codename", "is missing")
        return cls(**found)


def _differences(what: str, theirs: Json, here: Json) -> list[str]:
    names = [*here, *(name for name in theirs if name not in here)]
    return [
        f"{what} {name}: {theirs.get(name)}, here {here.get(name)}"
        for name in names
        if theirs.get(name) != here.get(name)
    ]


@dataclass(frozen=True, kw_only=True)
class BaselineRow:
    """One variant's sessions, the latest last, what measured them, and what was active in the latest.

    ``worker`` is the digest of the worker's own code then (see perf.host.worker_code), where it is known.
    """

    variant: Json
    stack: Json
    sessions: tuple[SessionRecord, ...]
    evidence: Evidence | None = None
    worker: str | None = None

    @classmethod
    def of(
        cls, variant: Variant, stack: Stack, sessions: Sequence[SessionRecord], evidence: Evidence | None = None
    ) -> Self:
        return cls(
            variant=specification(variant),
            stack=stack.recipe,
            sessions=tuple(sessions)[-SESSIONS_KEPT:],
            evidence=evidence,
            worker=worker_digest(),
        )

    def to_json(self) -> dict[str, Any]:
        sessions = [session.to_json() for session in self.sessions]
        known: dict[str, Any] = {"evidence": self.evidence.to_json()} if self.evidence else {}
        known |= {"worker": self.worker} if self.worker else {}
        return {"variant": dict(self.variant), "stack": dict(self.stack), "sessions": sessions, **known}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises BadRecord, whose field is the path within the row."""
        found = check_keys(data, required={"variant", "stack", "sessions"}, optional={"evidence", "worker"})
        for name in ("variant", "stack"):
            if not isinstance(found[name], dict):
                raise BadRecord(name, "is not an object")
        check_keys(found["stack"], required={"name", "python_version", "packages"}, where="stack")
        if not isinstance(found["stack"]["packages"], dict):
            raise BadRecord("stack.packages", "is not an object")
        if not isinstance(found["sessions"], list) or not found["sessions"]:
            raise BadRecord("sessions", "is not a list of sessions")
        sessions = tuple(_session(number, one) for number, one in enumerate(found["sessions"]))
        evidence = _evidence(found["evidence"]) if "evidence" in found else None
        worker = found.get("worker")
        if not isinstance(worker, str | None):
            raise BadRecord("worker", f"{worker!r} is not a digest")
        return cls(variant=found["variant"], stack=found["stack"], sessions=sessions, evidence=evidence, worker=worker)


def _evidence(data: Any) -> Evidence:
    try:
        return Evidence.from_json(data)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise BadRecord("evidence", f"cannot be read: {error!r}") from None


def _session(number: int, data: object) -> SessionRecord:
    try:
        return SessionRecord.from_json(data)
    except BadRecord as error:
        raise error.within(f"sessions[{number}]") from None


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A file's content. ``faults`` are those of rows that cannot be used, by variant name."""

    setting: BaselineKey
    particulars: Json
    changes: tuple[Json, ...]
    rows: Mapping[str, BaselineRow]
    faults: Mapping[str, BadRecord]

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "setting": self.setting.to_json(),
            "particulars": dict(self.particulars),
            "changes": [dict(change) for change in self.changes[-CHANGES_KEPT:]],
            "rows": {name: row.to_json() for name, row in self.rows.items()},
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises BadRecord for a fault in the head; those of rows are kept in ``faults``."""
        if isinstance(data, dict) and data.get("schema") != SCHEMA:
            raise BadRecord("schema", f"is {data.get('schema')!r}, this version reads {SCHEMA}; update the suite")
        found = check_keys(data, required={"schema", "setting", "particulars", "changes", "rows"})
        for name, kind in {"particulars": dict, "changes": list, "rows": dict}.items():
            if not isinstance(found[name], kind):
                raise BadRecord(name, f"is {type(found[name]).__name__}, not {kind.__name__}")
        rows, faults = _rows(found["rows"])
        return cls(
            setting=BaselineKey.from_json(found["setting"]),
            particulars=found["particulars"],
            changes=tuple(_change(number, change) for number, change in enumerate(found["changes"])),
            rows=rows,
            faults=faults,
        )


def _rows(data: Mapping[str, Any]) -> tuple[dict[str, BaselineRow], dict[str, BadRecord]]:
    rows = {}
    faults = {name: BadRecord(f"rows.{name}", "occurs twice") for name in getattr(data, "repeated", ())}
    for name, entry in data.items():
        if name not in faults:
            try:
                rows[name] = BaselineRow.from_json(entry)
            except BadRecord as error:
                faults[name] = error.within(f"rows.{name}")
    return rows, faults


def _change(number: int, data: object) -> Json:
    return check_keys(data, required={"when", "why", "rows"}, where=f"changes[{number}]")


def specification(variant: Variant) -> dict[str, Any]:
    """What makes the variant what it is, in JSON types."""
    return {name: value for name, value in variant.to_json().items() if name not in NOT_THE_VARIANT}


def accept(
    old: Baseline | None,
    *,
    setting: BaselineKey,
    particulars: Json,
    name: str,
    row: BaselineRow,
    why: str,
    when: str,
    afresh: bool,
) -> Baseline:
    """``old`` with the row's sessions added, or in place of those it had.

    They take the place if ``afresh``, or if another stack or another specification measured them: a row of a baseline
    is of one stack. Raises BadRecord if ``old`` has faults, which writing would lose.
    """
    for fault in old.faults.values() if old else ():
        raise BadRecord(fault.field, f"{fault.reason}; mend or remove the row before the file is written")
    rows = dict(old.rows) if old else {}
    kept = rows.get(name)
    if kept and not afresh and (kept.variant, kept.stack) == (row.variant, row.stack):
        row = replace(row, sessions=(kept.sessions + row.sessions)[-SESSIONS_KEPT:])
    change = {"when": when, "why": why, "rows": [name]}
    return Baseline(
        setting=setting,
        particulars=particulars,
        changes=_with_change(old.changes if old else (), change),
        rows=rows | {name: row},
        faults={},
    )


def _with_change(changes: tuple[Json, ...], change: Json) -> tuple[Json, ...]:
    """One entry for all rows of a run: rows accepted with the same reason and time are listed together."""
    if changes and (changes[-1]["when"], changes[-1]["why"]) == (change["when"], change["why"]):
        together = sorted({*changes[-1]["rows"], *change["rows"]})
        return (*changes[:-1], {**changes[-1], "rows": together})
    return (*changes, change)
