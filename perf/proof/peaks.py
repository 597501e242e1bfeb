"""The largest peak that a stack has ever reached on this machine: what the shares of a peak are taken of.

One worker's peak is what a few seconds gave it, beside whatever else ran. It is kept in the cache, which may be lost:
then it is this worker's. Nothing is judged by it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from perf.errors import BadRecord
from perf.host.cache import cache_dir
from perf.host.machine import Machine
from perf.host.regular_file import read_text
from perf.host.replaced_file import replace_text
from perf.records.evidence import Evidence, Peak
from perf.records.strict_json import parse
from perf.records.typed_json import convert

MAX_BYTES = 64 * 1024


def largest(machine: Machine, packages: Mapping[str, str], evidence: Evidence) -> Peak:
    """Return the largest peak of this machine with these packages and as many threads, this one included, and keep it.

    Quantities are kept apart: the largest of each, whichever worker reached it.
    """
    path = _path(machine, packages, evidence.state.threads)
    known = _read(path)
    best = evidence.peak.or_larger(known) if known else evidence.peak
    if best != known:
        with contextlib.suppress(OSError):  # a full disk must not end a measurement
            replace_text(path, json.dumps(best.to_json()))
    return best


def _path(machine: Machine, packages: Mapping[str, str], threads: int) -> Path:
    key = json.dumps([dict(machine.fingerprint), dict(packages), threads], sort_keys=True)
    return cache_dir() / "peaks" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> Peak | None:
    """Return the peak in a file, or None where it is missing or broken."""
    try:
        return convert(parse(read_text(path, MAX_BYTES)), Peak)
    except (OSError, ValueError, BadRecord):
        return None
