"""A run told to a webhook: its verdicts as JSON, sent by POST."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from perf.history.checked_upgrade import CheckedRow, CheckedUpgrade
from perf.history.night import Night, NightRow

SCHEMA = 1
TRIES = 3
PAUSE_S = 1.0  # before the third try; the second comes at once
LIMIT_S = 10.0  # of each try
AGAIN = (429, 500, 502, 503, 504)  # what a server says that may do better in a moment


def tell(address: str, kept: Night | CheckedUpgrade, exit_code: int) -> str | None:
    """Send a run, with several tries; return a line that says what went wrong, or None."""
    retries = urllib3.Retry(total=TRIES - 1, backoff_factor=PAUSE_S / 2, status_forcelist=AGAIN, allowed_methods=None)
    host = urllib3.util.parse_url(address).host  # the rest may hold a secret
    try:
        with urllib3.PoolManager(retries=retries, timeout=urllib3.Timeout(LIMIT_S)) as pool:
            reply = pool.request("POST", address, json=notice(kept, exit_code))
    except HTTPError as error:
        return f"{host} was not told of this run, in {TRIES} tries: {type(error).__name__}"
    return None if reply.status < 300 else f"{host} was told of this run, and answered {reply.status}"


def notice(kept: Night | CheckedUpgrade, exit_code: int) -> dict[str, Any]:
    """Return what is sent."""
    common = {
        "schema": SCHEMA,
        "began": kept.began,
        "host": kept.host,
        "cpu": kept.cpu,
        "model": kept.model["name"],
        "commit": kept.commit,
        "ci_url": kept.ci_url,
        "exit_code": exit_code,
    }
    if isinstance(kept, CheckedUpgrade):
        rows = [_checked(row) for row in kept.rows]
        return common | {"upgrade": kept.digest, "package_changes": list(kept.package_changes), "rows": rows}
    rows = [_row(row) for row in kept.rows]
    return common | {"night": kept.digest, "machine_verdict": kept.machine_verdict, "rows": rows}


def _row(row: NightRow) -> dict[str, Any]:
    ratio = row.to_anchor
    return {
        "name": row.name,
        "latency_s": row.latency_s,
        "verdict": str(row.verdict.kind) if row.verdict else None,
        "sentence": row.verdict.sentence if row.verdict else None,
        "anchor_ratio": ratio.ratio if ratio else None,
        "anchor_low": ratio.low if ratio else None,
        "anchor_high": ratio.high if ratio else None,
    }


def _checked(row: CheckedRow) -> dict[str, Any]:
    latency = row.latency
    return {
        "name": row.name,
        "verdict": str(row.verdict),
        "sentence": row.sentence,
        "ratio": latency.ratio if latency else None,
        "low": latency.low if latency else None,
        "high": latency.high if latency else None,
    }
