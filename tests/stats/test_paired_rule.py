"""The rule of looks: how they are counted, when the time is up, and what comes next."""

from __future__ import annotations

import dataclasses
import math

import pytest

from perf.stats.paired_comparison import FEWEST_WORKERS, LOOKS, PAIRS_PER_WORKERS, PairedVerdict
from perf.stats.paired_rule import FIRST, LOOKS_AT_ONCE, MOST_WORKERS, PairedRule, next_pairs
from perf.stats.pairs import Pair
from tests.builders.pairs import in_turns, pair
from tests.builders.samples import sample

BUDGET_S = 60.0


def pair_under(*, pressure_s: float) -> Pair:
    calm = sample(10.0)
    conditions = dataclasses.replace(calm.conditions, cpu_pressure_s=pressure_s)
    candidate = dataclasses.replace(calm, conditions=conditions)
    return Pair(workers=FEWEST_WORKERS, reference=calm, candidate=candidate)


CALM, DISTURBED = pair_under(pressure_s=0.0), pair_under(pressure_s=5.0)


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


def test_looks_are_counted_whatever_came_between_them() -> None:
    """Noise for which nothing can be decided, by the same two workers again and again."""
    rule = PairedRule(budget_s=math.inf)
    pairs: list[Pair] = []
    for look in range(1, LOOKS + 1):
        noise = (1.3, 1 / 1.3) if look % 2 else (1 / 1.3, 1.3)
        pairs += [
            pair(in_turns(*[1.0] * 4), in_turns(*[factor] * 4, vae_s=2 * factor), workers=workers)
            for workers, factor in zip((1, 2), noise, strict=True)
        ]
        rule.look(pairs)
        assert rule.comparison is not None
        assert rule.comparison.verdict is PairedVerdict.UNDECIDED
        assert rule.is_enough(workers=2, elapsed_s=0.0) is (look == LOOKS)


def undecided(workers: int) -> list[Pair]:
    """Return pairs of so many pairs of workers, half of which seem slower and half faster."""
    factors = [1.2 if number % 2 else 1 / 1.2 for number in range(workers)]
    return [
        pair(in_turns(*[1.0] * 4), in_turns(*[factor] * 4, vae_s=2 * factor), workers=number)
        for number, factor in enumerate(factors, 1)
    ]


def test_the_last_looks_are_saved_for_many_more_workers() -> None:
    rule = PairedRule(budget_s=math.inf)
    looked_at = []
    for workers in range(1, MOST_WORKERS + 1):
        if rule.is_due(workers, elapsed_s=0.0):
            rule.look(undecided(workers))
            looked_at.append(workers)
        if rule.is_enough(workers, elapsed_s=0.0):
            break
    assert looked_at == [1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, MOST_WORKERS]
    assert rule.looks == LOOKS


def test_the_time_is_up_whatever_look_is_saved() -> None:
    rule = PairedRule(BUDGET_S)
    for workers in range(1, LOOKS_AT_ONCE + 1):
        rule.look(undecided(workers))
    assert not rule.is_due(LOOKS_AT_ONCE + 1, elapsed_s=0.0)
    assert rule.is_due(LOOKS_AT_ONCE + 1, elapsed_s=BUDGET_S)


def test_what_comes_next_does_not_depend_on_the_change() -> None:
    """Or the looks would favour one side."""

    def measured(factor: float) -> list[Pair]:
        noises = (0.99, 1.0, 1.02, 1.01, 0.98, 1.0)
        return [
            pair(
                in_turns(*[1.0] * 4),
                in_turns(*[factor * noise] * 4, vae_s=2 * factor * noise),
                workers=1 + number // 3,
                seconds=20.0,
            )
            for number, noise in enumerate(noises)
        ]

    choices = {next_pairs(measured(factor), [40.0, 35.0], can_go_on=True) for factor in (0.9, 1.0, 1.03, 1.1)}
    assert len(choices) == 1


def test_workers_that_cannot_go_on_are_replaced() -> None:
    assert next_pairs([pair(in_turns(1.0), in_turns(1.0), seconds=1.0)], [9.0], can_go_on=False) == FIRST
    assert next_pairs([], [9.0], can_go_on=True) == FIRST
