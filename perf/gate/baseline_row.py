"""One variant's row in a baseline: its sessions, and what measured them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from perf.errors import BadRecord
from perf.gate import checksum
from perf.gate.baseline_key import Json
from perf.gate.recipe import check_recipe
from perf.host.stack import Stack
from perf.host.worker_code import worker_commit, worker_digest
from perf.measure.settings import SESSIONS_KEPT
from perf.records.checks import check_count, check_keys
from perf.records.evidence import Evidence
from perf.records.launch import Launch
from perf.records.session_record import SessionRecord
from perf.records.typed_json import convert
from perf.spec.variant import Variant

OPTIONAL = {"evidence", "worker", "commit", "launch", checksum.FIELD}
COMMIT = re.compile(r"[0-9a-f]{40}")
DESCRIPTIVE = {"name", "setting_of", "about", "published_s"}  # what changes nothing in what is measured


@dataclass(frozen=True, kw_only=True)
class BaselineRow:
    """One variant's sessions, the latest last, the stack that measured them, and what was active in the latest.

    ``variant`` is its specification, ``stack`` its recipe. ``worker`` is the digest of the worker's own code then (see
    perf.host.worker_code), ``commit`` the suite's commit that has this code, ``launch`` how the workers were started.
    Each of the three is None where it was not recorded.
    """

    variant: Json
    stack: Json
    sessions: tuple[SessionRecord, ...]
    evidence: Evidence | None = None
    worker: str | None = None
    commit: str | None = None
    launch: Launch | None = None

    @classmethod
    def of(
        cls,
        variant: Variant,
        stack: Stack,
        sessions: Sequence[SessionRecord],
        evidence: Evidence | None = None,
        launch: Launch | None = None,
    ) -> Self:
        return cls(
            variant=specification(variant),
            stack=stack.recipe,
            sessions=tuple(sessions)[-SESSIONS_KEPT:],
            evidence=evidence and evidence.without_layers,
            worker=worker_digest(),
            commit=worker_commit(),
            launch=launch,
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "variant": dict(self.variant),
            "stack": dict(self.stack),
            "sessions": [session.to_json() for session in self.sessions],
        }
        if self.evidence:
            data["evidence"] = self.evidence.to_json()
        if self.worker:
            data["worker"] = self.worker
        if self.commit:
            data["commit"] = self.commit
        if self.launch:
            data["launch"] = self.launch.to_json()
        return data | {checksum.FIELD: checksum.checksum(data)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Check and return a row. Raises BadRecord, whose field is the path within the row."""
        fields = check_keys(data, required={"variant", "stack", "sessions"}, optional=OPTIONAL)
        row = cls(
            variant=_specification(fields["variant"]),
            stack=check_recipe(fields["stack"]),
            sessions=_sessions(fields["sessions"]),
            evidence=_evidence(fields["evidence"]) if "evidence" in fields else None,
            worker=_worker(fields.get("worker")),
            commit=_commit(fields.get("commit")),
            launch=_launch(fields["launch"]) if "launch" in fields else None,
        )
        checksum.check_checksum(fields)  # at the end: a field that cannot be tells more
        return row


def _defaults() -> dict[str, Any]:
    """Return the default of each field of a specification that has one."""
    defaults: dict[str, Any] = {}
    for field in dataclasses.fields(Variant):
        if field.default_factory is not dataclasses.MISSING:
            defaults[field.name] = field.default_factory()
        elif field.default is not dataclasses.MISSING:
            defaults[field.name] = field.default
    return {name: value for name, value in defaults.items() if name not in DESCRIPTIVE}


USUAL = _defaults()


def specification(variant: Variant) -> dict[str, Any]:
    """Return what makes the variant what it is, in JSON types; a row of another specification is another thing."""
    return USUAL | {name: value for name, value in variant.to_json().items() if name not in DESCRIPTIVE}


def _specification(data: object) -> Json:
    """Return a variant's specification; what did not exist when it was recorded was as it is by default."""
    if not isinstance(data, dict):
        raise BadRecord("variant", "is not an object")
    whole: Json = USUAL | data
    if whole["steps"] is not None:
        check_count("variant.steps", whole["steps"])
    return whole


def _sessions(data: object) -> tuple[SessionRecord, ...]:
    if not isinstance(data, list) or not data:
        raise BadRecord("sessions", "is not a list of sessions")
    return tuple(_session(number, session) for number, session in enumerate(data))


def _session(number: int, data: object) -> SessionRecord:
    try:
        return SessionRecord.from_json(data)
    except BadRecord as error:
        raise error.within(f"sessions[{number}]") from None


def _worker(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise BadRecord("worker", f"{value!r} is not a digest")
    return value


def _commit(value: object) -> str | None:
    if value is None or (isinstance(value, str) and COMMIT.fullmatch(value)):
        return value
    raise BadRecord("commit", f"{value!r} is not a commit of 40 hexadecimal digits")


def _launch(data: object) -> Launch:
    try:
        return Launch.from_json(data)
    except BadRecord as error:
        raise error.within("launch") from None


def _evidence(data: object) -> Evidence:
    try:
        return convert(data, Evidence).without_layers
    except BadRecord as error:
        raise error.within("evidence") from None
