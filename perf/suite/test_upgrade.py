"""The upgrade check: each variant in two stacks, in turns, and whether the candidate is slower than the reference.

pytest-benchmark's own seconds are of what a round does: both generations in turns, or the candidate's where whole
sessions alternate. The seconds that are compared are in its extra_info.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from perf.compare.paired_run import PairedRun
from perf.compare.stack_comparison import StackComparison


@pytest.mark.ladder
def test_upgrade(
    paired_run: PairedRun,
    benchmark: BenchmarkFixture,
    stack_comparison: StackComparison,
    record_property: Callable[[str, object], None],
) -> None:
    with paired_run.rounds():
        benchmark.pedantic(
            paired_run.generate,
            setup=paired_run.next_pair,
            teardown=paired_run.finish_pair,
            rounds=paired_run.most_pairs,
        )
    if not benchmark.enabled:
        pytest.skip("nothing is compared under --benchmark-disable")
    result = stack_comparison.add(paired_run)
    benchmark.extra_info.update(result.to_json())
    record_property("verdict", result.verdict)
    record_property("says", result.sentence)
    if result.fails:
        pytest.fail(f"{result.variant.name}: {result.verdict}: {result.sentence}", pytrace=False)
