"""Sides of comparisons for tests: a row in two stacks, or two rows."""

from __future__ import annotations

from perf.compare.side_pair import Side, SidePair
from perf.spec import ladder
from tests.builders.baselines import STACK


def side(row: str) -> Side:
    (variant,) = ladder.select([row])
    return Side(variant=variant, stack=STACK)


def rows(reference: str, candidate: str) -> SidePair:
    return SidePair(reference=side(reference), candidate=side(candidate))


def stacks(row: str) -> SidePair:
    return rows(row, row)
