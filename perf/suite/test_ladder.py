"""The ladder: seconds per image of every variant, as in the source article."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from perf.measurement import Measurement
from perf.run import Run


@pytest.mark.ladder
def test_latency(measurement: Measurement, benchmark: BenchmarkFixture, run: Run) -> None:
    with measurement.rounds():
        benchmark.pedantic(
            measurement.generate,
            setup=measurement.next_round,
            warmup_rounds=measurement.variant.warmup_rounds,
            rounds=run.bench.protocol.max_rounds,
        )
    benchmark.extra_info.update(run.keep(measurement))
