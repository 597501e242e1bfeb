"""The evaluation of a whole ladder: what is drawn together, and what is said of slower rows, others and the machine."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence

import pytest

from perf.lab import series
from perf.lab.evaluate import OURS
from perf.lab.ladder_evaluation import Case, drawn_ladders, evaluate_ladder, of_one_night
from perf.lab.scores import Judged, Score
from perf.lab.trials import ORDERS, dated
from perf.records.session_record import SessionRecord
from perf.stats.shift import NIGHT_GAP_S
from tests.builders.runs import DATA
from tests.builders.sessions import DAY_S, sessions

NAMES = ("bf16-autocast-256", "openvino-static-256", "turin-bf16-channels-last-256-10steps")
RECORDED = {name: series.read(DATA / "noise" / f"{name}.jsonl") for name in NAMES}
CALM = {f"row {seed}": sessions(10, seed=seed, sd=0.003) for seed in range(1, 5)}


def spread(records: Sequence[SessionRecord], nights: int) -> list[SessionRecord]:
    """Return the sessions in equal parts on so many nights, each ten minutes after the one before."""
    per_night = len(records) // nights
    return [
        dated(record, datetime.timedelta(days=number // per_night, minutes=10 * (number % per_night)))
        for number, record in enumerate(records)
    ]


def scores_by_group(case: Case) -> dict[tuple[float, Judged], Score]:
    rows = {name: spread(records, 2) for name, records in CALM.items()}
    scores = evaluate_ladder(rows, case, trials=2, slowdowns_percent=(0, 10))
    return {(score.slowdown_percent, score.judged): score for score in scores}


def test_series_of_different_days_are_dated_one_after_the_other() -> None:
    aligned = of_one_night(RECORDED)
    assert list(aligned) == list(NAMES)
    times = [session.measured_s for of_row in aligned.values() for session in of_row]
    assert times == sorted(times)
    assert times[0] == min(of_row[0].measured_s for of_row in RECORDED.values())
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) < NIGHT_GAP_S
    for name, recorded in RECORDED.items():
        assert [session.rounds for session in aligned[name]] == [session.rounds for session in recorded]


def test_nights_of_a_series_stay_nights_apart() -> None:
    two_nights = {"first": spread(sessions(4, seed=1), 2), "second": spread(sessions(4, seed=2), 2)}
    aligned = of_one_night(two_nights)
    for name in two_nights:
        first, *_, last = (session.measured_s for session in aligned[name])
        assert last - first == DAY_S + 600
    assert aligned["second"][0].measured_s - aligned["first"][0].measured_s < 3600


@pytest.mark.parametrize("order", ORDERS)
def test_every_row_is_drawn_by_itself(order: str) -> None:
    same = sessions(12, seed=1)
    drawn = drawn_ladders({"one": same, "other": same}, order, trials=10, baseline_sessions=20)
    assert len(drawn) == 10
    assert any(
        [session.rounds for session in rows["one"].fresh] != [session.rounds for session in rows["other"].fresh]
        for rows in drawn
    )


def test_another_row_is_slower_draw_by_draw() -> None:
    one, every = (Case(order="shuffled", all_slower=all_slower) for all_slower in (False, True))
    assert [one.slowed(("a", "b"), number) for number in range(3)] == [["a"], ["b"], ["a"]]
    assert every.slowed(("a", "b"), 1) == ("a", "b")


def test_a_slower_row_is_told_and_the_others_and_the_machine_are_not_blamed() -> None:
    scores = scores_by_group(Case(order="shuffled", all_slower=False))
    assert scores.keys() == {(percent, judged) for percent in (0, 10) for judged in Judged}
    assert scores[10, Judged.SLOWED].regressed_share == 1
    assert scores[10, Judged.OTHERS].regressed_share == 0
    assert scores[10, Judged.OTHERS].unchanged_share == 1
    assert scores[10, Judged.MACHINE].regressed_share == 0
    for score in scores.values():
        assert (score.rule, score.rows, score.slowed_rows, score.trials) == (OURS, 4, 1, 2)


def test_where_every_row_is_slower_it_is_the_machine() -> None:
    scores = scores_by_group(Case(order="shuffled", all_slower=True))
    assert (0, Judged.OTHERS) not in scores
    assert scores[0, Judged.MACHINE].unchanged_share == 1
    assert scores[10, Judged.MACHINE].regressed_share == 1
    assert scores[10, Judged.SLOWED].disturbed_share == 1, "the machine excuses them"
    assert scores[10, Judged.SLOWED].slowed_rows == 4
    assert scores[10, Judged.MACHINE].sessions_mean >= 4, "it took those of all rows"


def test_scores_are_seeded() -> None:
    rows = {name: records[:6] for name, records in RECORDED.items()}
    case = Case(order="recorded", all_slower=False)
    first, second = (evaluate_ladder(rows, case, trials=1, slowdowns_percent=(3,)) for _ in range(2))
    assert first == second
