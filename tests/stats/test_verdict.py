"""A verdict's own answers, which follow from its findings."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from perf.stats.verdict import JudgedBy, Verdict, VerdictKind
from tests.builders.verdicts import verdict_of


@pytest.mark.parametrize(
    ("verdict", "moved"),
    [
        (verdict_of(1.05, VerdictKind.REGRESSED), True),
        (verdict_of(0.95, VerdictKind.IMPROVED), True),
        (verdict_of(1.05, VerdictKind.UNDECIDED), True),
        (verdict_of(1.05, VerdictKind.UNDECIDED, either_side=0.08), False),
        (verdict_of(1.02, VerdictKind.UNDECIDED, either_side=0.01), False),
        (verdict_of(1.05, VerdictKind.DISTURBED), True),  # another machine, and accepted all the same
        (verdict_of(1.05, VerdictKind.DISTURBED, either_side=0.08), False),
        (Verdict(kind=VerdictKind.DISTURBED, sentence="other work"), False),
        (Verdict(kind=VerdictKind.NO_BASELINE, sentence=""), False),
    ],
)
def test_only_what_surely_moved_takes_the_place_of_the_baselines_sessions(verdict: Verdict, moved: bool) -> None:
    assert verdict.moved is moved


@pytest.mark.parametrize(
    ("sees", "words"),
    [
        (1.0213, "sees 2.1 %"),
        (1.0302, "sees 3.0 %"),
        (1.0541, "cannot see 3 % here: only 5.4 %"),
        (None, None),
    ],
)
def test_a_verdict_says_what_it_could_have_seen(sees: float | None, words: str | None) -> None:
    verdict = verdict_of(1.0, VerdictKind.UNCHANGED, sees=sees)
    assert (verdict.sees, verdict.sight) == (sees, words)
    assert verdict.to_json()["findings"][0]["sees"] == sees


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (VerdictKind.UNCHANGED, "these pairs alone see 5.4 %"),
        (VerdictKind.REGRESSED, "these pairs alone see 5.4 %"),
        (VerdictKind.UNDECIDED, "cannot see 3 % here: only 5.4 %"),
    ],
)
def test_pairs_that_have_decided_would_have_gone_on_to_see_more(kind: VerdictKind, words: str) -> None:
    assert replace(verdict_of(1.0, kind, sees=1.0541), judged_by=JudgedBy.PAIRS).sight == words


def test_a_row_that_is_open_for_its_memory_alone_could_have_seen_more() -> None:
    decided = replace(verdict_of(1.0, VerdictKind.UNCHANGED, sees=1.0541), judged_by=JudgedBy.PAIRS)
    assert replace(decided, kind=VerdictKind.UNDECIDED).sight == "these pairs alone see 5.4 %"


def test_a_verdict_survives_json() -> None:
    verdict = verdict_of(1.05, VerdictKind.REGRESSED, sees=1.021)
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


def test_a_verdict_of_an_older_version_is_read() -> None:
    data = verdict_of(1.05, VerdictKind.REGRESSED, sees=1.021).to_json()
    for finding in data["findings"]:
        del finding["sees"]
    assert Verdict.from_json(data).sees is None


def test_a_verdict_that_rests_on_nothing_sees_nothing() -> None:
    nothing = Verdict(kind=VerdictKind.NO_BASELINE, sentence="")
    assert (nothing.sees, nothing.sight) == (None, None)
