"""Comparisons in turns: each variant in two stacks, or beside another row, and whether it is slower than the reference.

pytest-benchmark's own seconds are the candidate's: its clock stands still during the reference's turns. The seconds
that are compared, of both, are in its extra_info.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from perf.compare.paired_run import PairedRun
from perf.compare.run_comparison import RunComparison
from perf.measure.pedantic import clock, time_rounds
from perf.measure.run import Run
from perf.report import comparison
from perf.stats.paired_comparison import PairedVerdict


@pytest.mark.ladder
@pytest.mark.benchmark(timer=clock)
def test_pair(
    paired_run: PairedRun,
    benchmark: BenchmarkFixture,
    run_comparison: RunComparison,
    run: Run,
    record_property: Callable[[str, object], None],
) -> None:
    time_rounds(benchmark, paired_run)
    result = run_comparison.add(paired_run)
    benchmark.extra_info.update(result.to_json())
    record_property("verdict", result.verdict)
    record_property("says", result.sentence)
    if run_comparison.fails(result) or (run.settings.require_all and result.verdict is PairedVerdict.UNDECIDED):
        pytest.fail(comparison.failure(result), pytrace=False)
