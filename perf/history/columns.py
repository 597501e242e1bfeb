"""What a night's parts are in the columns of perf.history.tables."""

from __future__ import annotations

from typing import Any

from perf.history.night import Night, NightRow


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
