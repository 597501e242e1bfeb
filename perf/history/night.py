"""A night: what the history keeps of one run, read from its JSON.

Seconds drift with the machine, for months. What no drift can reach is the ratio to the row's anchor: measured in pairs
where the software differs from the anchor's, and 1 where it is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from perf.errors import BadRecord, BadRun
from perf.gate.baseline_key import BaselineKey, Json
from perf.history.recorded_run import EvidencedRow, RecordedRow, RecordedRun, read
from perf.host.anchors import Recipe
from perf.records.session_record import SessionRecord
from perf.spec.protocol import Protocol
from perf.stats.intervals import Interval, median_interval
from perf.stats.verdict import JudgedBy, Verdict


@dataclass(frozen=True, kw_only=True)
class AnchorRatio:
    """How much longer an image takes than with the anchor's software: the ratio, and the interval that it is in.

    ``anchor`` is the digest of the anchor's stack, as ``stack`` is of the row's own.
    """

    anchor: str
    ratio: float
    low: float
    high: float

    @classmethod
    def of_columns(cls, found: Json) -> Self | None:
        """Return the ratio in a line of the table ``row``; None where it holds none."""
        if found["anchor"] is None:
            return None
        ratio, low, high = (found[f"anchor_{name}"] for name in ("ratio", "low", "high"))
        return cls(anchor=found["anchor"], ratio=ratio, low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class NightRow:
    """One row of a night.

    Attributes:
        latency_s: the median of the first session's timed rounds, in seconds per image.
        interval: where that median is, free of any distribution.
        parts_s: the median seconds of one call of each part, by the part's name.
        verdict: what was said of the row; None where the run ended before.
        stack: Python and packages, and ``stack_digest`` what their anchor would be called.
        to_anchor: the ratio to the anchor; None where only memory compares the two, or there is none.
        reached: the share of the machine's peak of each part, by the part's name.
        evidence: what the first session's worker said of itself, as JSON; None of a run of long ago.
        sessions: all sessions, as records with their rounds.
    """

    name: str
    variant: Json
    latency_s: float
    interval: Interval
    parts_s: Mapping[str, float]
    load_s: float
    peak_rss_bytes: int | None
    verdict: Verdict | None
    stack: Json
    stack_digest: str
    to_anchor: AnchorRatio | None
    reached: Mapping[str, float]
    evidence: Json | None
    fidelity: Json | None
    sessions: tuple[SessionRecord, ...]

    @classmethod
    def of(cls, row: RecordedRow, record: Json) -> Self:
        """Read a row and its record. Raises BadRecord, LookupError, TypeError or ValueError."""
        evidenced = row if isinstance(row, EvidencedRow) else None
        verdict = evidenced.verdict if evidenced else None
        kept = record.get("baseline_row") or {}
        return cls(
            name=row.name,
            variant=row.variant.to_json(),
            latency_s=row.latency_s,
            interval=median_interval(row.latencies_s),
            parts_s={str(part): part_s for part, part_s in row.part_times_s.items()},
            load_s=row.session.load_s,
            peak_rss_bytes=row.session.peak_rss_bytes,
            verdict=verdict,
            stack=record["stack"],
            stack_digest=Recipe.of(record["stack"]).digest,
            to_anchor=ratio_to_anchor(record, verdict),
            reached={str(part): each.share for part, each in evidenced.reached.items()} if evidenced else {},
            evidence=record.get("evidence"),
            fidelity=record.get("fidelity"),
            sessions=tuple(map(SessionRecord.from_json, kept.get("sessions", ()))),
        )


@dataclass(frozen=True, kw_only=True)
class Night:
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
    machine_verdict: Json | None
    rows: tuple[NightRow, ...]

    @property
    def key(self) -> BaselineKey:
        """What is equal of two nights that can be compared: machine, model and protocol."""
        compared = Protocol.from_json(self.protocol).compared
        return BaselineKey(machine=self.fingerprint, model=self.model, protocol=compared)

    @property
    def setting(self) -> str:
        """The digest of the key, which tells nights apart that cannot be compared."""
        return self.key.digest

    @property
    def machine_digest(self) -> str:
        """What tells kinds of machine apart, whatever they are called."""
        return digest_of(self.fingerprint)


def ratio_to_anchor(record: Json, verdict: Verdict | None) -> AnchorRatio | None:
    """Return a row's ratio to its anchor, if the two were measured in turns, or are the same software."""
    anchor = record.get("anchor")
    if not anchor or verdict is None or verdict.latency is None:
        return None
    if verdict.judged_by is not JudgedBy.MEMORY:
        latency = verdict.latency
        return AnchorRatio(anchor=anchor, ratio=latency.ratio, low=latency.low, high=latency.high)
    if not record.get("same_software"):
        return None
    return AnchorRatio(anchor=anchor, ratio=1.0, low=1.0, high=1.0)


def digest_of(value: object) -> str:
    """Return the SHA-256, in hexadecimal, of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def read_night(path: Path) -> Night:
    """Read what is kept of a recorded run. Raises BadRun, which names the file."""
    return kept_of(read(path))


def kept_of(run: RecordedRun) -> Night:
    """Return what is kept of a run. Raises BadRun, which names its file."""
    try:
        return of_run(run)
    except (BadRecord, LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadRun(f"{run.path} cannot be kept: {error!r}") from None


def of_run(run: RecordedRun) -> Night:
    """Return what is kept of a run; the same run gives the same digest, wherever its file is."""
    whole, machine = run.whole, run.machine_record
    commit = whole.get("commit_info", {}).get("id")
    first = run.records[run.rows[0].name]
    return Night(
        digest=digest_of([whole["datetime"], machine, [run.records[row.name]["session"] for row in run.rows]]),
        began=in_utc(whole["datetime"]),
        host=whole["machine_info"].get("node", ""),
        cpu=machine["cpu"],
        fingerprint=machine["fingerprint"],
        particulars=machine["particulars"],
        model=first["model"],
        protocol=first["protocol"],
        commit=commit if commit != "unversioned" else None,
        ci_url=whole.get("ci_url"),
        machine_verdict=whole.get("machine_verdict"),
        rows=tuple(NightRow.of(row, run.records[row.name]) for row in run.rows),
    )


def in_utc(text: str) -> str:
    """Return a time in ISO 8601 in UTC, so that texts sort as times do. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()
