"""The rule of looks: when the time is up, and when workers must go on all the same."""

from __future__ import annotations

import dataclasses

import pytest

from perf.stats.paired_comparison import FEWEST_WORKERS, PAIRS_PER_WORKERS
from perf.stats.paired_rule import PairedRule
from perf.stats.pairs import Pair
from tests.builders.samples import sample

BUDGET_S = 60.0


def pair(*, pressure_s: float) -> Pair:
    calm = sample(10.0)
    conditions = dataclasses.replace(calm.conditions, cpu_pressure_s=pressure_s)
    candidate = dataclasses.replace(calm, conditions=conditions)
    return Pair(workers=FEWEST_WORKERS, reference=calm, candidate=candidate)


CALM, DISTURBED = pair(pressure_s=0.0), pair(pressure_s=5.0)


@pytest.mark.parametrize(
    ("pairs", "elapsed_s", "is_late"),
    [
        ([CALM] * PAIRS_PER_WORKERS, BUDGET_S, True),
        ([CALM] * PAIRS_PER_WORKERS, BUDGET_S - 1, False),
        ([CALM] * (PAIRS_PER_WORKERS - 1), BUDGET_S, False),
        ([DISTURBED] * (PAIRS_PER_WORKERS - 1) + [CALM], BUDGET_S, True),
        ([DISTURBED] * PAIRS_PER_WORKERS, BUDGET_S, False),
    ],
)
def test_workers_whose_pairs_were_all_disturbed_go_on(pairs: list[Pair], elapsed_s: float, is_late: bool) -> None:
    assert PairedRule(BUDGET_S).is_late(FEWEST_WORKERS, elapsed_s, pairs) is is_late


def test_the_first_workers_are_never_late() -> None:
    assert not PairedRule(0.0).is_late(FEWEST_WORKERS - 1, BUDGET_S, [CALM] * PAIRS_PER_WORKERS)
