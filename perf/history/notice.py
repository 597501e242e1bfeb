"""A night told to a webhook: its verdicts as JSON, sent by POST."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from perf.history.night import Night, NightRow

SCHEMA = 1
TRIES = 3
PAUSE_S = 1.0  # before the third try; the second comes at once
LIMIT_S = 10.0  # of each try
AGAIN = (429, 500, 502, 503, 504)  # what a server says that may do better in a moment


def tell(address: str, night: Night, exit_code: int) -> str | None:
    """Send a night, with several tries; return a line that says what went wrong, or None."""
    retries = urllib3.Retry(total=TRIES - 1, backoff_factor=PAUSE_S / 2, status_forcelist=AGAIN, allowed_methods=None)
    host = urllib3.util.parse_url(address).host  # the rest may hold a secret
    try:
        with urllib3.PoolManager(retries=retries, timeout=urllib3.Timeout(LIMIT_S)) as pool:
            reply = pool.request("POST", address, json=notice(night, exit_code))
    except HTTPError as error:
        return f"{host} was not told of this run, in {TRIES} tries: {type(error).__name__}"
    return None if reply.status < 300 else f"{host} was told of this run, and answered {reply.status}"


def notice(night: Night, exit_code: int) -> dict[str, Any]:
    """Return what is sent."""
    return {
        "schema": SCHEMA,
        "night": night.digest,
        "began": night.began,
        "host": night.host,
        "cpu": night.cpu,
        "model": night.model["name"],
        "commit": night.commit,
        "ci_url": night.ci_url,
        "exit_code": exit_code,
        "machine_verdict": night.machine_verdict,
        "rows": [_row(row) for row in night.rows],
    }


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
