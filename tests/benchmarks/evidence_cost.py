"""What the evidence costs a generation: fresh pairs of workers, of which one is looked at, as a ratio of latencies.

    pytest tests/benchmarks/evidence_cost.py -q --variant openvino-static --model tiny --rounds 40

The one is looked at before its rounds, where a run looks after the last of them: what stays of it in a process would
show in the ratio. Several pairs, since two workers that do the same differ by the luck of their memory layout. Not
collected by default.
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
        print(f"pairs of workers: {', '.join(f'{math.exp(one):.3f}' for one in logs)}")
        print(f"with evidence / without: {math.exp(mean):.3f} [{math.exp(low):.3f}, {math.exp(high):.3f}]")


def log_ratio(variant: Variant, run: Run, folder: Path) -> float:
    """Of one pair, whose rounds alternate in the order seen-unseen, unseen-seen: a drift hits both alike."""
    stack, protocol = run.stacks[variant.stack], run.bench.protocol
    for name in ("seen", "unseen"):
        (folder / name).mkdir()
    with (
        measuring(variant, stack, run.bench, folder / "seen", "seen") as seen,
        measuring(variant, stack, run.bench, folder / "unseen", "unseen") as unseen,
    ):
        for worker in (seen, unseen):
            for _ in range(variant.warmup_rounds):
                worker.generate(protocol.warmup_steps)
        seen.generate(protocol.steps)
        seen.inspect()
        for worker in (seen, unseen):
            worker.generate(protocol.steps)  # the caches are cold after so much else
        for pair in range(protocol.rounds):
            for worker in (seen, unseen) if pair % 2 else (unseen, seen):
                worker.generate(protocol.steps)
        return math.log(median_s(seen, protocol.rounds) / median_s(unseen, protocol.rounds))


def median_s(worker: Measurement, rounds: int) -> float:
    return statistics.median(sample.latency_s for sample in worker.session.samples[-rounds:])
