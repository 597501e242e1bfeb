"""The upgrade check: each variant in two stacks, in turns, and whether the candidate is slower than the reference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from perf.compare.paired_run import CandidateTime, Duel
from perf.compare.result import Upgrade


@pytest.mark.ladder
@pytest.mark.benchmark(timer=CandidateTime.now)
def test_upgrade(
    duel: Duel, benchmark: BenchmarkFixture, upgrade: Upgrade, record_property: Callable[[str, object], None]
) -> None:
    with duel.rounds():
        benchmark.pedantic(duel.generate, setup=duel.next_pair, teardown=duel.finish_pair, rounds=duel.most_pairs)
    if not benchmark.enabled:
        pytest.skip("nothing is compared under --benchmark-disable")
    result = upgrade.add(duel)
    benchmark.extra_info.update(result.to_json())
    record_property("verdict", result.said)
    record_property("says", result.sentence)
    if result.fails:
        pytest.fail(f"{result.variant.name}: {result.said}: {result.sentence}", pytrace=False)
