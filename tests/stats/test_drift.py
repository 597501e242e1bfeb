"""A ladder that drifted as a whole, and rows that moved on their own."""

from __future__ import annotations

import pytest

from perf.stats.drift import excuse_drift
from perf.stats.verdict import VerdictKind
from tests.builders.verdicts import verdict_of


def test_a_ladder_that_moved_together_drifted() -> None:
    verdicts = {name: verdict_of(1.05 + n / 1000, VerdictKind.REGRESSED) for n, name in enumerate("abcde")}
    excused = excuse_drift(verdicts)
    assert {verdict.kind for verdict in excused.values()} == {VerdictKind.DISTURBED}
    assert not any(verdict.suspicious for verdict in excused.values()), (
        "more sessions of a drifted machine tell nothing"
    )
    assert "the other 4 rows moved by +5.2 % too" in excused["a"].sentence


@pytest.mark.parametrize("others", [[1.0, 1.0, 1.0, 1.0], [1.05, 1.0, 1.0, 1.05], [1.05, 1.05]])
def test_a_row_that_moved_alone_is_not_excused(others: list[float]) -> None:
    verdicts = {"slow": verdict_of(1.05, VerdictKind.REGRESSED)}
    verdicts |= {str(n): verdict_of(ratio, VerdictKind.UNCHANGED) for n, ratio in enumerate(others)}
    assert excuse_drift(verdicts)["slow"].kind is VerdictKind.REGRESSED


def test_a_row_that_moved_much_more_than_the_others_is_not_excused() -> None:
    verdicts = {"slow": verdict_of(1.15, VerdictKind.REGRESSED)} | {
        str(n): verdict_of(1.04, VerdictKind.UNDECIDED) for n in range(4)
    }
    assert excuse_drift(verdicts)["slow"].kind is VerdictKind.REGRESSED
