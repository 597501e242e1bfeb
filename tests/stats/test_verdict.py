"""A verdict's own answers, which follow from its findings."""

from __future__ import annotations

import pytest

from perf.stats.verdict import Verdict, VerdictKind
from tests.builders.verdicts import verdict_of


@pytest.mark.parametrize(
    ("verdict", "moved"),
    [
        (verdict_of(1.05, VerdictKind.REGRESSED), True),
        (verdict_of(0.95, VerdictKind.IMPROVED), True),
        (verdict_of(1.05, VerdictKind.UNDECIDED), True),
        (verdict_of(1.05, VerdictKind.UNDECIDED, either_side=0.08), False),
        (verdict_of(1.02, VerdictKind.UNDECIDED, either_side=0.01), False),
        (verdict_of(1.05, VerdictKind.DISTURBED), False),
        (Verdict(kind=VerdictKind.NO_BASELINE, sentence=""), False),
    ],
)
def test_only_what_surely_moved_takes_the_place_of_the_baselines_sessions(verdict: Verdict, moved: bool) -> None:
    assert verdict.moved is moved
