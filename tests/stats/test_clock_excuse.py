"""What a lower clock excuses: as much as it explains, where the instructions are the same, and nothing for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from perf.records.session_record import SessionRecord
from perf.stats.clock_excuse import clock_shift
from perf.stats.decision import BaselineLevels
from perf.stats.ladder_decision import judge_ladder
from perf.stats.machine_verdict import MachineKind, MachineVerdict, judge_machine
from perf.stats.verdict import Verdict, VerdictKind
from tests.builders.sessions import counted, session, sessions

NIGHTS = 8
CLOCK = 1.2


def tonight(
    slowdown: float, clock: float, *, instructions: float = 1e11, count: int = 5, seed: int = 100
) -> list[SessionRecord]:
    """Return sessions that are slower by so much, at a clock that is that share of the usual one."""
    records = sessions(count, seed=seed, slowdown=slowdown, sd=0.005, night=NIGHTS + 1)
    return counted(records, instructions=instructions, clock=CLOCK * clock, seed=seed)


def judged(new: Sequence[SessionRecord], *, nights: int = NIGHTS, same_software: bool = True) -> Verdict:
    """Judge one row, without others that could excuse it."""
    baseline = counted(sessions(nights, seed=1, sd=0.005, days=True), clock=CLOCK, seed=1)
    references = {"row": BaselineLevels.of(baseline)}
    return judge_ladder(references, {"row": new}, same_software=references if same_software else ())["row"]


def test_a_row_that_is_as_slow_as_its_clock_is_disturbed_and_stays_open() -> None:
    verdict = judged(tonight(0.1, 1 / 1.1))
    assert verdict.kind is VerdictKind.DISTURBED
    assert verdict.sentence.startswith("the machine's clock is lower: latency +")
    assert "by the same instructions at a clock of -9." in verdict.sentence
    assert not verdict.is_answer, "--require-all fails it"
    assert verdict.latency is not None
    assert verdict.latency.ratio == pytest.approx(1.1, rel=0.02), "what was measured is kept"
    assert verdict.latency.own_ratio == pytest.approx(1, abs=0.02)
    assert verdict.clock == pytest.approx(1 / 1.1, rel=0.005)


def test_it_is_measured_again_while_it_may_be() -> None:
    """Also where it is so much slower that one session would be enough to call it so."""
    for count in (1, 3):
        verdict = judged(tonight(0.3, 1 / 1.3, count=count))
        assert (verdict.kind, verdict.suspicious) == (VerdictKind.DISTURBED, True)


def test_what_is_left_beyond_the_clock_is_regressed() -> None:
    verdict = judged(tonight(0.2, 1 / 1.1))
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.clock is None
    assert "lower clock +" in verdict.sentence


@pytest.mark.parametrize("clock", [1.0, 0.995, 1.1])
def test_a_clock_that_is_not_surely_lower_excuses_nothing(clock: float) -> None:
    assert judged(tonight(0.1, clock)).kind is VerdictKind.REGRESSED


def test_more_instructions_are_not_excused_by_a_lower_clock() -> None:
    assert judged(tonight(0.1, 1 / 1.1, instructions=1.1e11)).kind is VerdictKind.REGRESSED


def test_instructions_that_are_not_surely_the_same_excuse_nothing() -> None:
    new = [
        counted([record], instructions=instructions, clock=CLOCK / 1.1, seed=3)[0]
        for record, instructions in zip(tonight(0.1, 1.0), (0.93e11, 1.07e11, 0.96e11, 1.09e11, 1.0e11), strict=True)
    ]
    assert judged(new).kind is VerdictKind.REGRESSED


def test_other_software_is_never_excused() -> None:
    assert judged(tonight(0.1, 1 / 1.1), same_software=False).kind is VerdictKind.REGRESSED


def test_a_baseline_of_one_session_excuses_nothing() -> None:
    verdict = judged(tonight(0.3, 1 / 1.3), nights=1)
    assert verdict.clock is None
    assert verdict.kind is VerdictKind.REGRESSED


def test_without_reference_cycles_nobody_knows_the_clock() -> None:
    """So on AMD's Zen 2, whatever cycles per second say: time in the kernel would pass for a lower clock."""
    new = [
        replace(record, rounds=tuple(replace(timed, reference_cycles=None) for timed in record.rounds))
        for record in tonight(0.1, 1 / 1.1)
    ]
    assert clock_shift(new, new) is None
    verdict = judged(new)
    assert verdict.kind is VerdictKind.REGRESSED
    assert "lower clock or kernel +" in verdict.sentence


def test_a_session_beside_other_work_is_left_out_of_the_clock_too() -> None:
    disturbed = counted([session([30.0] * 5, pressure=0.5)], clock=0.5)
    calm = tonight(0.1, 1 / 1.1)
    beside, alone = clock_shift(calm, [*calm, *disturbed]), clock_shift(calm, calm)
    assert beside is not None
    assert alone is not None
    assert beside.mean == alone.mean
    uncounted = sessions(1, seed=9, sd=0.005, night=NIGHTS + 1)
    assert clock_shift(calm, [*calm, *uncounted]) is None


def test_a_higher_clock_accuses_nobody() -> None:
    assert judged(tonight(0.0, 1.1)).kind is VerdictKind.UNCHANGED


def machine(clocks: dict[str, float]) -> MachineVerdict:
    return judge_machine({}, {}, clocks=clocks)


@pytest.mark.parametrize(("clock", "fails"), [(0.9, True), (0.98, False)])
def test_a_clock_that_excuses_fails_itself_where_it_matters(clock: float, fails: bool) -> None:
    verdict = machine({"row": clock})
    assert verdict.fails is fails
    assert (verdict.kind is MachineKind.SLOWER) is fails
    assert verdict.sentence.startswith(f"a lower clock excuses rows: row {100 * (clock - 1):+.1f} %; ")
    assert verdict.to_json()["clocks"] == {"row": clock}


def test_without_excused_rows_the_machine_is_judged_by_the_rows() -> None:
    assert "clock" not in machine({}).sentence
