"""What excuses a row of the same software: the other rows, as far as they show a slower machine, and no further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from perf.records.session_record import SessionRecord
from perf.stats.decision import BaselineLevels
from perf.stats.ladder_decision import judge_ladder
from perf.stats.machine_verdict import judge_machine
from perf.stats.tolerances import Tolerances
from perf.stats.verdict import Verdict, VerdictKind
from tests.builders.sessions import counted, session, sessions

NIGHTS = 8


def judged(slowdowns: Sequence[float], *, same_software: bool = True, count: int = 3) -> dict[str, Verdict]:
    """Judge rows that are slower by so much, each by a baseline of several nights."""
    references = {
        str(n): BaselineLevels.of(sessions(NIGHTS, seed=n, sd=0.005, days=True)) for n in range(len(slowdowns))
    }
    new = {
        str(n): sessions(count, seed=100 + n, slowdown=slowdown, sd=0.005, night=NIGHTS + 1)
        for n, slowdown in enumerate(slowdowns)
    }
    return judge_ladder(references, new, same_software=set(references) if same_software else ())


def kinds(slowdowns: Sequence[float], *, same_software: bool = True) -> list[VerdictKind]:
    return [verdict.kind for verdict in judged(slowdowns, same_software=same_software).values()]


def test_one_slow_row_of_three_is_not_excused() -> None:
    assert kinds([0.1, 0.0, 0.0])[0] is VerdictKind.REGRESSED


def test_two_slow_rows_of_five_are_not_excused() -> None:
    assert kinds([0.1, 0.1, 0.0, 0.0, 0.0])[:2] == [VerdictKind.REGRESSED] * 2


@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_rows_excuse_nothing(rows: int) -> None:
    assert set(kinds([0.1] * rows)) == {VerdictKind.REGRESSED}


@pytest.mark.parametrize("slowdown", [0.1, 1.0, 9.0])
def test_rows_that_are_all_slower_are_the_machines_matter(slowdown: float) -> None:
    verdicts = judged([slowdown] * 5)
    assert {verdict.kind for verdict in verdicts.values()} == {VerdictKind.DISTURBED}
    assert "see test_machine" in verdicts["0"].sentence
    assert "the other 4 rows +" in verdicts["0"].sentence
    latency = verdicts["0"].latency
    assert latency is not None
    assert latency.ratio == pytest.approx(1 + slowdown, rel=0.02), "what was measured is kept"
    assert latency.own_ratio == pytest.approx(1, abs=0.03)


def test_rows_that_are_all_faster_are_the_machines_matter_too() -> None:
    verdicts = judged([-0.09] * 5)
    assert {verdict.kind for verdict in verdicts.values()} == {VerdictKind.DISTURBED}
    assert verdicts["0"].sentence.startswith("the machine is faster: latency -")
    assert verdicts["0"].is_answer


@pytest.mark.parametrize(("slowdown", "moved"), [(0.1, True), (-0.09, True), (0.02, False)])
def test_another_machine_is_accepted_in_place_of_the_old_one(slowdown: float, moved: bool) -> None:
    assert {verdict.moved for verdict in judged([slowdown] * 5).values()} == {moved}


@pytest.mark.parametrize(
    ("slow", "quantity"),
    [
        pytest.param({"latency_s": 11.5, "use": 2 / 1.15}, "plain latency", id="threads wait"),
        pytest.param({"peak_rss_bytes": 1.15e9}, "peak memory", id="memory grew"),
        pytest.param({"package_j": 3450}, "package energy", id="uses more"),
    ],
)
def test_what_the_machines_verdict_cannot_see_is_not_excused(slow: dict[str, float], quantity: str) -> None:
    """In all rows alike, but their latency, without the waiting, is as ever: test_machine passes."""
    factors = (0.985, 0.995, 1.0, 1.005, 1.015) * 2

    def rounds_of(
        latency_s: float = 10.0, use: float = 2.0, peak_rss_bytes: float = 1e9, package_j: float = 3000.0
    ) -> list[SessionRecord]:
        return [
            session([latency_s * factor] * 5, use=use / factor, peak_rss_bytes=peak_rss_bytes, package_j=package_j)
            for factor in factors
        ]

    references = {str(n): BaselineLevels.of(rounds_of()) for n in range(5)}
    tonight = {name: rounds_of(**slow)[1:6] for name in references}
    verdicts = judge_ladder(references, tonight, same_software=set(references))
    assert {verdict.kind for verdict in verdicts.values()} == {VerdictKind.REGRESSED}
    assert verdicts["0"].sentence.startswith(f"{quantity} +")
    assert not judge_machine(references, tonight).fails


def test_other_software_is_never_excused() -> None:
    assert set(kinds([0.1] * 5, same_software=False)) == {VerdictKind.REGRESSED}


def test_a_row_that_is_slower_than_the_machine_is_regressed_by_the_rest() -> None:
    verdicts = judged([0.21, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert verdicts["0"].kind is VerdictKind.REGRESSED
    assert verdicts["0"].sentence.startswith("latency +2")
    assert "beyond that +" in verdicts["0"].sentence
    assert verdicts["0"].latency is not None
    assert verdicts["0"].latency.own_ratio == pytest.approx(1.1, abs=0.015)
    assert {verdict.kind for name, verdict in verdicts.items() if name != "0"} == {VerdictKind.DISTURBED}


def test_a_faster_machine_does_not_hide_a_slower_row() -> None:
    verdicts = judged([0.0, -0.09, -0.09, -0.09, -0.09, -0.09])
    assert verdicts["0"].kind is VerdictKind.REGRESSED
    assert "see test_machine; beyond that +" in verdicts["0"].sentence
    assert not any(verdict.fails for name, verdict in verdicts.items() if name != "0")


def counted_rows(
    slowdown: float, *, instructions: float = 1e11, clock: float = 1.2, misses: float = 1e8, rows: int = 1
) -> tuple[dict[str, BaselineLevels], dict[str, list[SessionRecord]]]:
    """Return the baselines of rows with counts, and sessions that are slower by so much, with these counts."""
    references, new = {}, {}
    for n in range(rows):
        baseline = counted(sessions(NIGHTS, seed=n, sd=0.005, days=True), seed=n)
        references[str(n)] = BaselineLevels.of(baseline)
        tonight = sessions(5, seed=100 + n, slowdown=slowdown, sd=0.005, night=NIGHTS + 1)
        new[str(n)] = counted(tonight, instructions=instructions, clock=clock, misses=misses, seed=100 + n)
    return references, new


def test_more_instructions_are_software_although_all_rows_are_slower() -> None:
    references, new = counted_rows(0.1, rows=5)
    new["0"] = counted(new["0"], instructions=1.1e11, clock=1.2, seed=7)
    verdicts = judge_ladder(references, new, same_software=set(references))
    assert verdicts["0"].kind is VerdictKind.REGRESSED
    assert verdicts["0"].sentence.endswith("more instructions: software, whatever the packages say")
    assert {verdicts[name].kind for name in "1234"} == {VerdictKind.DISTURBED}


def test_threads_that_spin_do_not_take_an_excuse_away() -> None:
    """Three instructions more for a hundred, in three cycles more for ten: a tenth of the row's own rate."""
    references, new = counted_rows(0.3, rows=5)
    new["0"] = counted(new["0"], instructions=1.03e11, seed=7)
    verdicts = judge_ladder(references, new, same_software=set(references))
    assert verdicts["0"].kind is VerdictKind.DISTURBED
    spun = verdicts["0"].finding_on("instructions")
    assert spun is not None
    assert (spun.kind, spun.suspicious, spun.low > 1.01) == (VerdictKind.UNDECIDED, False, True)


@pytest.mark.parametrize("same_software", [True, False])
def test_more_instructions_in_the_same_time_are_a_fault_of_the_same_software_alone(same_software: bool) -> None:
    references, new = counted_rows(0.0, instructions=1.05e11)
    verdict = judge_ladder(references, new, same_software=set(references) if same_software else ())["0"]
    expected = VerdictKind.REGRESSED if same_software else VerdictKind.UNCHANGED
    assert verdict.kind is expected
    if same_software:
        assert verdict.sentence.startswith("instructions +5.")


def test_rows_without_counts_are_judged_as_before() -> None:
    plain = judged([0.1, 0.0, 0.0])
    assert plain["0"].finding_on("instructions") is None
    assert "instructions" not in plain["0"].sentence


@pytest.mark.parametrize("uncounted", ["baseline", "new"])
def test_counts_of_one_side_alone_say_nothing(uncounted: str) -> None:
    references, new = counted_rows(0.1, clock=1.2 / 1.1)
    if uncounted == "new":
        new = {"0": sessions(5, seed=100, slowdown=0.1, sd=0.005, night=NIGHTS + 1)}
    else:
        references = {"0": BaselineLevels.of(sessions(NIGHTS, seed=0, sd=0.005, days=True))}
    assert judge_ladder(references, new, same_software={"0"})["0"].kind is VerdictKind.REGRESSED


def test_what_a_slower_row_spends_its_time_on_is_said() -> None:
    """The same instructions at the same clock: its cycles went into stalls, which excuse nothing."""
    verdict = judge_ladder(*counted_rows(0.1), same_software={"0"})["0"]
    assert verdict.kind is VerdictKind.REGRESSED
    assert "; the same instructions, the seconds change by instructions +0.0 %, stalls +" in verdict.sentence


def test_a_row_of_which_something_is_left_open_is_measured_again() -> None:
    """An excuse that may be too large is looked at again, like any other row that may be slower."""
    verdict = judged([0.13, 0.1, 0.1, 0.1, 0.1, 0.1], count=1)["0"]
    assert verdict.kind is VerdictKind.DISTURBED
    assert verdict.suspicious
    assert not verdict.is_answer
    settled = judged([0.1] * 12, count=5)["0"]
    assert not settled.suspicious
    assert settled.is_answer, "as slow as the machine, and no slower"


@pytest.mark.parametrize(
    ("slowdown", "kind"), [(0.1, VerdictKind.DISTURBED), (0.0, VerdictKind.REGRESSED), (-0.09, VerdictKind.REGRESSED)]
)
def test_joules_are_the_machines_where_it_is_slower_as_well(slowdown: float, kind: VerdictKind) -> None:
    """All rows use a tenth more. Of a machine that is as fast as ever, or faster, nothing else would tell."""

    def using(package_j: float, records: Sequence[SessionRecord]) -> list[SessionRecord]:
        return [
            replace(record, rounds=tuple(replace(timed, package_j=package_j) for timed in record.rounds))
            for record in records
        ]

    references = {str(n): BaselineLevels.of(using(3000, sessions(12, seed=n, sd=0.005))) for n in range(5)}
    tonight = {
        name: using(3300, sessions(5, seed=50 + n, slowdown=slowdown, sd=0.005)) for n, name in enumerate(references)
    }
    wanted = Tolerances({"*": {"package energy": 0.04}})
    verdicts = judge_ladder(references, tonight, same_software=set(references), tolerances=wanted)
    assert {verdict.kind for verdict in verdicts.values()} == {kind}
    assert ("package energy +10" in verdicts["0"].sentence) is (kind is VerdictKind.REGRESSED)
