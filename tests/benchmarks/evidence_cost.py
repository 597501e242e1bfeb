"""What the evidence costs a generation: two workers of one variant, only one of which is looked at, as a ratio.

    pytest tests/benchmarks/evidence_cost.py -q --variant openvino-static --size 256x256 --steps 4 --rounds 30

The one is looked at before every generation, where a run looks once, after the last. Not collected by default.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf.measurement import Measurement, measuring
from perf.run import Run
from tests.benchmarks.harness_overhead import ratio


@pytest.fixture(scope="session")
def unseen(measurement: Measurement, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measurement]:
    """A second worker of the variant, which nobody looks at."""
    variant, folder = measurement.variant, Path(tmp_path_factory.mktemp("unseen"))
    with measuring(variant, run.stacks[variant.stack], run.bench, folder, f"{variant.name} unseen") as found:
        yield found


@pytest.mark.ladder
def test_cost(measurement: Measurement, unseen: Measurement, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Pairs in the order seen-unseen, unseen-seen, ..., so that a drift hits both alike."""
    protocol = run.bench.protocol
    for worker in (measurement, unseen):
        for _ in range(worker.variant.warmup_rounds):
            worker.generate(protocol.warmup_steps)
    for pair in range(protocol.rounds):
        for worker in (measurement, unseen) if pair % 2 else (unseen, measurement):
            if worker is measurement:
                worker.look()
            worker.generate(protocol.steps)
    seen_s, unseen_s = ([one.latency_s for one in worker.session.samples] for worker in (measurement, unseen))
    with capsys.disabled():
        print(f"\n{measurement.variant.name}, {protocol}")
        print(f"without: {statistics.median(unseen_s):.4f} s, median of {len(unseen_s)}")
        print(f"with evidence / without: {ratio(seen_s, unseen_s)}")
