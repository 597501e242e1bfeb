"""The tables of an evaluation: what stands in a line, and how wide they are."""

from __future__ import annotations

import dataclasses

from perf.lab import score_tables
from perf.lab.evaluate import OURS, SLOWDOWNS_PERCENT
from perf.lab.scores import Judged, Score
from perf.lab.trials import ORDERS

SCORE = Score(
    series="turin-bf16-channels-last-256-10steps",
    order="next-night",
    rule=OURS,
    slowdown_percent=3,
    regressed_share=0.125,
    undecided_share=0.75,
    unchanged_share=0.12,
    improved_share=0.005,
    disturbed_share=0.0,
    rounds_mean=24.4,
    sessions_mean=4.04,
    seconds_mean=1234.5,
    baseline_sessions=11,
    trials=400,
)


def at_every_slowdown(score: Score) -> list[Score]:
    return [dataclasses.replace(score, slowdown_percent=percent) for percent in SLOWDOWNS_PERCENT]


def test_a_line_has_every_share() -> None:
    heading, line = score_tables.shares_table([SCORE], 100)
    headings = "slower by regressed undecided unchanged improved disturbed sessions rounds s"
    assert " ".join(heading.split()) == headings
    assert " ".join(line.split()) == "3 % 12.5 % 75.0 % 12.0 % 0.5 % 0 % 4.0 24 1234"


def test_peers_have_a_line_each_below_ours() -> None:
    scores = [score for rule in (OURS, "Welch") for score in at_every_slowdown(dataclasses.replace(SCORE, rule=rule))]
    lines = score_tables.tables(scores, 100).splitlines()
    assert len(lines) == (1 + len(SLOWDOWNS_PERCENT)) + 2
    assert lines[-1].split() == ["Welch", *(["12.5", "%"] * len(SLOWDOWNS_PERCENT))]


def test_a_ladder_has_a_line_for_its_slower_rows_its_other_rows_and_the_machine() -> None:
    scores = [dataclasses.replace(SCORE, judged=judged, rows=5) for judged in Judged]
    heading, *lines = score_tables.ladder_table(scores, 100)
    assert heading.split()[:3] == ["slower", "by", "judged"]
    shares = "12.5 % 75.0 % 12.0 % 0.5 % 0 % 4.0 1234"
    assert [" ".join(line.split()) for line in lines] == [f"3 % {judged} {shares}" for judged in Judged]
    assert max(map(len, lines)) <= 100


def test_the_summary_is_of_our_rule_on_one_slower_row_and_fits_a_log() -> None:
    scores = [
        score
        for order in ORDERS
        for rule in (OURS, "Welch")
        for score in at_every_slowdown(dataclasses.replace(SCORE, order=order, rule=rule))
    ]
    of_others = [dataclasses.replace(score, judged=Judged.OTHERS, regressed_share=0.5, rows=5) for score in scores]
    all_slower = [dataclasses.replace(score, unchanged_share=0.5, rows=5, slowed_rows=5) for score in scores]
    lines = score_tables.summary([*scores, *of_others, *all_slower], 100).splitlines()
    assert len(lines) == 1 + len(ORDERS)
    assert max(map(len, lines)) <= 100
    name, _, cells = lines[-1].partition("next-night ")
    assert name == f"{SCORE.series}, "
    assert " ".join(cells.split()) == "12.5 % 75.0 % 12.5 % 12.0 % 12.5 % 12.0 %"
