"""Uses of pytest-benchmark's pedantic mode that its documentation does not promise."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from perf.measure import pedantic
from perf.measure.pedantic import EnoughRounds


def test_pytest_benchmark_keeps_the_rounds_before_a_base_exception(benchmark: Any) -> None:
    begun = itertools.count(1)

    def setup() -> None:
        if next(begun) > 4:
            raise EnoughRounds

    with contextlib.suppress(EnoughRounds):
        benchmark.pedantic(lambda: None, setup=setup, warmup_rounds=1, rounds=100)
    assert benchmark.stats.stats.rounds == 3
    assert not benchmark.has_error
    pedantic.leave_out(benchmark)  # of these tests' own figures


def test_pytest_benchmark_leaves_out_what_has_an_error(benchmark: Any) -> None:
    with pytest.raises(ValueError, match="cheese"):
        benchmark.pedantic(lambda: int("cheese"), rounds=1)
    assert benchmark.has_error
    benchmark.has_error = False
    assert not benchmark.stats.has_error
    pedantic.leave_out(benchmark)
    assert benchmark.stats.has_error
