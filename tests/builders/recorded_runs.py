"""Recorded runs for tests: pytest-benchmark's JSON, as the suite fills it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from perf.records.evidence import Evidence
from perf.records.sample import Session
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from tests.builders.machines import GENOA
from tests.builders.samples import sample

PACKAGES = {"torch": "2.13.0+cpu", "openvino": "2026.4.1", "intel-extension-for-pytorch": "2.8.0"}


def recorded_row(name: str, latencies_s: Sequence[float], evidence: Evidence | None = None) -> dict[str, Any]:
    """Return the extra_info of a row's benchmark."""
    (variant,) = ladder.select([name])
    samples = tuple(sample(latency_s) for latency_s in latencies_s)
    session = Session(variant=name, load_s=1.0, export_s=0.0, warmups=(), samples=samples)
    row = {
        "variant": variant.to_json(),
        "session": session.to_json(),
        "protocol": Protocol(size=Size(128, 128)).to_json(),
        "model": {"name": "tiny", "digest": "d" * 64},
        "stack": {"packages": PACKAGES},
        "work": {"unet": {"operations": 10**9, "weights": 10**6}},
    }
    if evidence is None:
        return row
    claim = {"name": "threads", "holds": True, "says": "2"}
    return row | {"evidence": evidence.to_json(), "claims": [claim], "fidelity": None}


def write_run(path: Path, *rows: Mapping[str, Any]) -> Path:
    """Write a recorded run of these rows, on a Genoa."""
    benchmarks = [{"extra_info": row} for row in rows]
    path.write_text(json.dumps({"machine_info": {"perf": GENOA.to_json()}, "benchmarks": benchmarks}))
    return path
