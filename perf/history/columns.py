"""What a night's parts are in the columns of perf.history.tables, and the night that columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perf.history.night import AnchorRatio, Night, NightRow
from perf.records.session_record import SessionRecord
from perf.stats.intervals import Interval
from perf.stats.verdict import Verdict


def machine_columns(night: Night) -> dict[str, Any]:
    """Return the columns of the night's kind of machine, without its digest."""
    return {"codename": night.fingerprint["codename"], "cpu": night.cpu, "fingerprint": night.fingerprint}


def night_columns(night: Night) -> dict[str, Any]:
    """Return the columns of the night itself, without its digest."""
    return {
        "began": night.began,
        "host": night.host,
        "machine": night.machine_digest,
        "setting": night.setting,
        "particulars": night.particulars,
        "model": night.model,
        "protocol": night.protocol,
        "commit": night.commit,
        "ci_url": night.ci_url,
        "machine_verdict": night.machine_verdict,
    }


def row_columns(row: NightRow) -> dict[str, Any]:
    """Return the columns of a row, without what tells where it belongs."""
    ratio = row.to_anchor
    return {
        "name": row.name,
        "variant": row.variant,
        "latency_s": row.latency_s,
        "low_s": row.interval.low,
        "high_s": row.interval.high,
        "confidence": row.interval.confidence,
        "parts_s": dict(row.parts_s),
        "load_s": row.load_s,
        "peak_rss_bytes": row.peak_rss_bytes,
        "verdict": row.verdict.to_json() if row.verdict else None,
        "kind": str(row.verdict.kind) if row.verdict else None,
        "stack": row.stack_digest,
        "anchor": ratio.anchor if ratio else None,
        "anchor_ratio": ratio.ratio if ratio else None,
        "anchor_low": ratio.low if ratio else None,
        "anchor_high": ratio.high if ratio else None,
        "reached": dict(row.reached),
        "fidelity": row.fidelity,
    }


def read_night_of(found: Mapping[str, Any], rows: Sequence[NightRow]) -> Night:
    """Return the night of a line of the tables ``night`` and ``machine`` together."""
    plain = ("digest", "began", "host", "cpu", "particulars", "model", "protocol", "commit", "ci_url")
    return Night(
        **{name: found[name] for name in plain},
        fingerprint=found["fingerprint"],
        machine_verdict=found["machine_verdict"],
        rows=tuple(rows),
    )


def read_row(found: Mapping[str, Any], sessions: Sequence[SessionRecord]) -> NightRow:
    """Return the row of a line of the tables ``row``, ``stack`` and ``evidence`` together."""
    plain = ("name", "variant", "latency_s", "parts_s", "load_s", "reached", "fidelity")
    return NightRow(
        **{name: found[name] for name in plain},
        interval=Interval(found["low_s"], found["high_s"], found["confidence"]),
        peak_rss_bytes=found["peak_rss_bytes"],
        verdict=Verdict.from_json(found["verdict"]) if found["verdict"] else None,
        stack=found["packages"],
        stack_digest=found["stack"],
        to_anchor=AnchorRatio.of_columns(found),
        evidence=found["seen"],
        sessions=tuple(sessions),
    )
