"""Recorded runs for tests: pytest-benchmark's JSON, as the suite fills it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from perf.gate.baseline_row import BaselineRow
from perf.gate.proposal import Proposal
from perf.host.machine import Machine
from perf.records.evidence import Evidence
from perf.records.sample import Session
from perf.records.session_record import SessionRecord
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from perf.stats.verdict import Verdict
from tests.builders.baselines import STACK
from tests.builders.evidence import evidence
from tests.builders.machines import GENOA
from tests.builders.samples import sample

WRITTEN = "2026-11-01T02:00:00.123456+01:00"
PACKAGES = {"torch": "2.13.0+cpu", "openvino": "2026.4.1", "intel-extension-for-pytorch": "2.8.0"}


def recorded_row(name: str, latencies_s: Sequence[float], proof: Evidence | None = None) -> dict[str, Any]:
    """Return the extra_info of a row's benchmark."""
    (variant,) = ladder.select([name])
    samples = tuple(sample(latency_s) for latency_s in latencies_s)
    session = Session(variant=name, load_s=1.0, export_s=0.0, warmups=(), samples=samples)
    row = {
        "variant": variant.to_json(),
        "session": session.to_json(),
        "protocol": Protocol(size=Size(128, 128)).to_json(),
        "model": {"name": "tiny", "digest": "d" * 64},
        "stack": {"name": variant.stack, "python_version": "3.11.7", "packages": PACKAGES},
        "work": {"unet": {"operations": 10**9, "weights": 10**6}},
    }
    if proof is None:
        return row
    claim = {"name": "threads", "holds": True, "says": "2"}
    return row | {"evidence": proof.to_json(), "claims": [claim], "fidelity": None}


def judged_row(name: str, sessions: Sequence[SessionRecord], verdict: Verdict, until: str | None) -> dict[str, Any]:
    """Return the extra_info of a row's benchmark that was judged by a baseline whose latest session is ``until``."""
    (variant,) = ladder.select([name])
    proof = evidence()
    row = BaselineRow.of(variant, STACK, sessions, proof)
    proposal = Proposal(name=name, row=row, verdict=verdict, baseline_until=until)
    return recorded_row(name, [10.0], proof) | proposal.to_json()


def write_run(path: Path, *rows: Mapping[str, Any], machine: Machine = GENOA, written: str = WRITTEN) -> Path:
    """Write a recorded run of these rows."""
    benchmarks = [{"extra_info": row} for row in rows]
    whole = {"datetime": written, "machine_info": {"node": "runner", "perf": machine.to_json()}}
    path.write_text(json.dumps(whole | {"benchmarks": benchmarks}))
    return path
