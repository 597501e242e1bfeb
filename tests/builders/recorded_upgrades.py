"""Recorded upgrade checks for tests: pytest-benchmark's JSON, as the suite fills it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from perf.compare.compared_row import ComparedRow
from perf.proof.fidelity import Fidelity
from perf.spec.ladder import select
from perf.stats.paired_comparison import Comparison, PairedVerdict
from tests.builders.machines import GENOA
from tests.builders.whole_ladders import MODEL, PROTOCOL

BEGAN = "2026-11-03T03:00:00+00:00"
PACKAGES = {"torch": "2.13.0", "openvino": "2026.3.1"}


def comparison(ratio: float, verdict: PairedVerdict, side: float = 0.008) -> Comparison:
    """Return what pairs have shown, the interval ``side`` wide to either side."""
    return Comparison(
        verdict=verdict, ratio=ratio, low=ratio - side, high=ratio + side, sees=1 + 2 * side, pairs=12, workers=2
    )


def compared_rows() -> list[ComparedRow]:
    """Return a row of each of three kinds: slower, as fast, and one whose worker died."""
    eager, ipex, static = select(["openvino-static", "eager-fp32", "ipex-bf16"])  # in the order of the ladder
    slower = comparison(1.041, PairedVerdict.REGRESSED)
    same = comparison(1.002, PairedVerdict.EQUIVALENT)
    return [
        ComparedRow(
            variant=static,
            verdict=PairedVerdict.REGRESSED,
            sentence=slower.sentence,
            latency=slower,
            others={"UNet step": comparison(1.05, PairedVerdict.REGRESSED), "peak memory": same},
            differences=("UNet step: convolution from 50 brgconv f32 to 50 ref f32",),
            fidelity=Fidelity(psnr_db=60.0, ssim=0.9999, largest_error=0.01, latents_error=0.001),
        ),
        ComparedRow(variant=eager, verdict=PairedVerdict.EQUIVALENT, sentence=same.sentence, latency=same),
        ComparedRow(variant=ipex, verdict=PairedVerdict.INVALID, sentence="worker 7 died", faults=("worker 7 died",)),
    ]


def upgrade_record(when: str = BEGAN) -> dict[str, Any]:
    """Return the JSON of an upgrade check."""
    recipe = {"name": "current", "python_version": "3.11.7", "packages": PACKAGES}
    candidate = {**recipe, "packages": PACKAGES | {"openvino": "2026.4.1", "numpy": "2.4"}}
    return {
        "datetime": when,
        "machine_info": {"node": "xeon-runner-1", "perf": GENOA.to_json()},
        "commit_info": {"id": "c" * 40},
        "benchmarks": [],
        "upgrade": {
            "schema": 1,
            "model": MODEL,
            "protocol": PROTOCOL.to_json(),
            "reference": recipe,
            "candidate": candidate,
            "asked": ["openvino==2026.4.1"],
            "package_changes": ["openvino 2026.3.1 -> 2026.4.1", "numpy none -> 2.4"],
            "unasked_changes": ["numpy none -> 2.4"],
            "results": [row.summary() for row in compared_rows()],
        },
    }


def write_upgrade(path: Path, record: dict[str, Any]) -> Path:
    """Write a recorded upgrade check."""
    path.write_text(json.dumps(record))
    return path
