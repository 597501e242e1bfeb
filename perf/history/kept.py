"""What the history keeps of every run, whatever it was for: when and where, of which model, by which protocol."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from perf.gate.baseline_key import BaselineKey, Json
from perf.spec.protocol import Protocol, setting_in_words


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One run. ``began`` is in ISO 8601 and UTC; ``commit`` and ``ci_url`` are None where nobody knows them."""

    digest: str
    began: str
    host: str
    cpu: str
    fingerprint: Json
    particulars: Json
    model: Json
    protocol: Json
    commit: str | None
    ci_url: str | None

    @property
    def key(self) -> BaselineKey:
        """What is equal of two runs that can be compared: machine, model and protocol."""
        compared = Protocol.from_json(self.protocol).compared
        return BaselineKey(machine=self.fingerprint, model=self.model, protocol=compared)

    @property
    def measured(self) -> str:
        """The model, and the size and the steps of its images, in words."""
        return f"{self.model['name']}, {setting_in_words(self.protocol)}"

    @property
    def setting(self) -> str:
        """The digest of the key, which tells runs apart that cannot be compared."""
        return self.key.digest

    @property
    def machine_digest(self) -> str:
        """What tells kinds of machine apart, whatever they are called."""
        return digest_of(self.fingerprint)


def fields_of(whole: Json, model: Json, protocol: Json, content: object) -> dict[str, Any]:
    """Return the fields of Kept.

    Args:
        whole: pytest-benchmark's JSON of the run.
        model: as the run has it.
        protocol: as the run has it.
        content: what was measured, by which two runs that began together on two machines are told apart.

    Raises:
        LookupError, TypeError, ValueError: the JSON is not that of a run.
    """
    machine = whole["machine_info"]["perf"]
    commit = whole.get("commit_info", {}).get("id")
    return {
        "digest": digest_of([whole["datetime"], machine, content]),
        "began": in_utc(whole["datetime"]),
        "host": whole["machine_info"].get("node", ""),
        "cpu": machine["cpu"],
        "fingerprint": machine["fingerprint"],
        "particulars": machine["particulars"],
        "model": model,
        "protocol": protocol,
        "commit": commit if commit != "unversioned" else None,
        "ci_url": whole.get("ci_url"),
    }


def digest_of(value: object) -> str:
    """Return the SHA-256, in hexadecimal, of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def in_utc(text: str) -> str:
    """Return a time in ISO 8601 in UTC, so that texts sort as times do. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()
