"""What the evidence costs a generation: the ratio of latencies in fresh pairs of workers, one of them inspected.

    pytest tests/benchmarks/evidence_cost.py -q --variant openvino-static --model tiny --rounds 40

The inspection comes before the rounds, where a run has it after the last of them: what it leaves behind in the process
would show in the ratio. There are several pairs, since two workers that do the same differ by the luck of their memory
layout. Not collected by default.
"""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import pytest
from scipy import stats

from perf.measure.measurement import Measurement, measuring
from perf.measure.run import Run
from perf.spec.variant import Variant

PAIRS_OF_WORKERS = 6
CONFIDENCE = 0.95


@pytest.mark.ladder
def test_cost(row: Variant, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = []
    for number in range(PAIRS_OF_WORKERS):
        folder = tmp_path / str(number)
        folder.mkdir()
        logs.append(log_ratio(row, run, folder))
    mean, error = statistics.mean(logs), stats.sem(logs)
    low, high = stats.t.interval(CONFIDENCE, len(logs) - 1, loc=mean, scale=error)
    with capsys.disabled():
        print(f"\n{row.name}, {run.bench.model.name}, {run.bench.protocol}")
        print(f"pairs of workers: {', '.join(f'{math.exp(log):.3f}' for log in logs)}")
        print(f"with evidence / without: {math.exp(mean):.3f} [{math.exp(low):.3f}, {math.exp(high):.3f}]")


def log_ratio(variant: Variant, run: Run, folder: Path) -> float:
    """Return the log ratio of a pair's medians, inspected over plain; rounds alternate, so that drift hits both."""
    stack, protocol = run.stacks[variant.stack], run.bench.protocol
    for name in ("inspected", "plain"):
        (folder / name).mkdir()
    with (
        measuring(variant, stack, run.bench, folder / "inspected", "inspected") as inspected,
        measuring(variant, stack, run.bench, folder / "plain", "plain") as plain,
    ):
        for worker in (inspected, plain):
            for _ in range(variant.warmup_rounds):
                worker.generate(protocol.warmup_steps)
        inspected.generate(protocol.steps)
        inspected.inspect()
        for worker in (inspected, plain):
            worker.generate(protocol.steps)  # the caches are cold after so much else
        for pair in range(protocol.rounds):
            for worker in (inspected, plain) if pair % 2 else (plain, inspected):
                worker.generate(protocol.steps)
        return math.log(median_s(inspected, protocol.rounds) / median_s(plain, protocol.rounds))


def median_s(worker: Measurement, rounds: int) -> float:
    return statistics.median(sample.latency_s for sample in worker.session.samples[-rounds:])
