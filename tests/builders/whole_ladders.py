"""Recorded runs of the whole ladder, as rich as a night on a runner: parts, rounds, evidence, claims and verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from perf.history.kept import digest_of
from perf.host.machine import Machine
from perf.proof.fidelity import Outcome, compare
from perf.proof.pictures import pictures_of
from perf.records.evidence import Evidence
from perf.records.sample import Conditions, Parts, Sample, Session
from perf.records.session_record import SessionRecord
from perf.spec.ladder import LADDER
from perf.spec.protocol import Protocol, Size
from perf.spec.variant import Variant
from perf.stats.verdict import Finding, Verdict, VerdictKind
from tests.builders.evidence import AMX_CONVOLUTION, AMX_MATMUL, DECODE, PEAK, evidence
from tests.builders.machines import GENOA
from tests.builders.recorded_runs import recorded_row

STEPS = 20
PROTOCOL = Protocol(size=Size(512, 512), rounds=7)
MODEL = {"name": "synthetic-sd15", "digest": "d" * 64}
SPEED_UPS = {
    "eager-fp32": 1.0,
    "eager-fp32-jemalloc": 1.2,
    "eager-fp32-tcmalloc": 1.18,
    "bf16-autocast": 2.1,
    "bf16-channels-last": 2.6,
    "bf16-compile": 3.1,
    "bf16-compile-freeze": 3.2,
    "bf16-compile-autotune": 3.25,
    "fp16-channels-last": 2.65,
    "lcm-4": 6.0,
    "ipex-bf16": 2.9,
    "ipex-bf16-sample-input": 3.3,
    "ipex-bf16-dpm": 3.5,
    "openvino-dynamic": 3.0,
    "openvino-static": 3.6,
    "openvino-static-dpm": 3.7,
    "openvino-static-taesd": 4.0,
    "openvino-int8-hybrid": 4.4,
    "openvino-int8-weights": 3.4,
    "openvino-lcm-4": 7.0,
    "genai-static": 3.75,
    "genai-int8": 4.5,
    "onnxruntime": 1.5,
}
UNCHECKED = ("genai", "onnxruntime")  # the backends whose pipelines make no safety check
EAGER_S = 240.0
SHARES = {"text_encoder_s": 0.004, "vae_decode_s": 0.11, "safety_checker_s": 0.012, "rest_s": 0.004}
WORK = {
    "text_encoder": {"operations": 13_000_000_000, "weights": 123_000_000},
    "unet": {"operations": 1_600_000_000_000, "weights": 860_000_000},
    "vae_decode": {"operations": 2_500_000_000_000, "weights": 50_000_000},
    "safety_checker": {"operations": 156_000_000_000, "weights": 304_000_000},
}
NAMES = ("precision", "weights", "memory format", "scheduler", "UNet calls", "allocator", "threads", "memory policy")
KINDS = {1: VerdictKind.REGRESSED, 4: VerdictKind.UNDECIDED, 9: VerdictKind.IMPROVED}
RATIOS = {VerdictKind.REGRESSED: 1.051, VerdictKind.UNDECIDED: 1.018, VerdictKind.IMPROVED: 0.94}


def latency_of(variant: Variant) -> float:
    """Return the seconds per image of a row of the ladder on a machine like GENOA."""
    return EAGER_S / SPEED_UPS[variant.name]


def generation(
    latency_s: float, *, steps: int = STEPS, calls: int = STEPS + 1, pressure: float = 0.0, is_checked: bool = True
) -> Sample:
    """Return a generation of so many seconds, most of them in the UNet, ``pressure`` of them waited for a CPU.

    ``is_checked`` tells whether the pipeline makes a safety check.
    """
    parts = {name: latency_s * share for name, share in SHARES.items()}
    if not is_checked:
        parts["safety_checker_s"] = 0.0
    step_s = (latency_s - sum(parts.values())) / calls
    return Sample(
        steps=steps,
        latency_s=latency_s,
        parts=Parts(unet_steps_s=(step_s,) * calls, **parts),
        conditions=Conditions(
            cpu_s=2 * latency_s,
            peak_rss_bytes=8 * 1024**3,
            involuntary_switches=10,
            cpu_pressure_s=pressure * latency_s,
            steal_s=0.0,
        ),
        probe_s=0.05,
    )


def verdict_on(position: int, generator: np.random.Generator) -> Verdict:
    """Return a verdict: most rows are unchanged, some are not."""
    kind = KINDS.get(position, VerdictKind.UNCHANGED)
    ratio = RATIOS.get(kind, 1.0) * float(np.exp(generator.normal(0, 0.004)))
    side = float(generator.uniform(0.008, 0.03))
    finding = Finding(
        watch="latency",
        kind=kind,
        ratio=ratio,
        low=ratio - side,
        high=ratio + side,
        tolerance=0.03,
        suspicious=False,
        sees=1 + 1.2 * side,
    )
    sentence = f"{100 * (ratio - 1):+.1f} %, 1 session against 5 of the baseline"
    return Verdict(kind=kind, sentence=sentence, findings=(finding,), sessions=1, baseline_sessions=5)


def outcome(noise: float) -> Outcome:
    """Return a smooth image with noise, and latents."""
    across, down = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 64))
    image = np.stack([across, down, across * down], axis=-1)
    image += noise * np.random.default_rng(1).normal(size=image.shape)
    return Outcome(image=image.astype(np.float32), latents=np.ones((1, 4, 8, 8), np.float32))


def proof_of(variant: Variant) -> Evidence:
    """Return evidence in bfloat16, or of convolutions in 8 bits where the row has them."""
    if variant.quantized != "int8-hybrid":
        return evidence()
    in_8_bits = replace(AMX_CONVOLUTION, implementation="brgconv_avx512_amx", types="i8", time_s=1.0)
    peak = replace(PEAK, int8_convolution_flop_per_s=2e12)
    return replace(evidence(in_8_bits, AMX_MATMUL, DECODE, weights={"i8": 1000}), peak=peak)


def ladder_row(variant: Variant, position: int, generator: np.random.Generator, speed: float) -> dict[str, Any]:
    """Return the record of one row: seven rounds, of which one is disturbed."""
    levels_s = latency_of(variant) * speed * np.exp(generator.normal(0, 0.006, PROTOCOL.rounds))
    steps, calls = (variant.steps, variant.steps) if variant.steps else (STEPS, STEPS + 1)
    make = partial(generation, steps=steps, calls=calls, is_checked=variant.backend not in UNCHECKED)
    samples = [make(float(latency_s)) for latency_s in levels_s]
    samples[3] = make(float(levels_s[3]) * 1.08, pressure=0.2)
    session = Session(variant=variant.name, load_s=12.0, export_s=0.0, warmups=(), samples=tuple(samples))
    proof, image, reference = proof_of(variant), outcome(noise=0.001 * position), outcome(noise=0.0)
    return recorded_row(variant.name, [1.0], proof) | {
        "session": session.to_json(),
        "protocol": PROTOCOL.to_json(),
        "model": MODEL,
        "work": WORK,
        "claims": [{"name": name, "holds": True, "says": f"{name} as it should be"} for name in NAMES],
        "largest_peak": replace(proof.peak, fp32_flop_per_s=2e11).to_json(),
        "fidelity": compare(image, reference).to_json(),
        "pictures": pictures_of(image, reference).to_json(),
        "verdict": verdict_on(position, generator).to_json(),
        "baseline_row": {"sessions": [SessionRecord.of(session, "2026-11-01T02:00:00+00:00").to_json()]},
    }


def ladder_record(
    *, machine: Machine = GENOA, when: str = "2026-11-01T02:00:00+00:00", speed: float = 1.0, seed: int = 1
) -> dict[str, Any]:
    """Return pytest-benchmark's JSON of a whole ladder, ``speed`` times as long as on GENOA."""
    generator = np.random.default_rng(seed)
    rows = [ladder_row(variant, position, generator, speed) for position, variant in enumerate(LADDER)]
    machine_verdict = {
        "kind": "unchanged",
        "sentence": "all rows together within 5 %: +0.3 % (-0.9 % to +1.5 %), from 22 rows of the same software",
        "tolerance": 0.05,
        "rows": {},
        "ratio": 1.003,
        "low": 0.991,
        "high": 1.015,
        "probe": 1.001,
        "peak": 0.999,
        "fails": False,
    }
    return {
        "datetime": when,
        "machine_info": {"node": "xeon-runner-1", "perf": machine.to_json()},
        "commit_info": {"id": digest_of(when)[:40]},
        "machine_verdict": machine_verdict,
        "benchmarks": [{"extra_info": row} for row in rows],
    }


def write_ladder(path: Path, record: Mapping[str, Any]) -> Path:
    """Write a recorded run."""
    path.write_text(json.dumps(record))
    return path
