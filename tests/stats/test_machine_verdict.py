"""The verdict on the machine: from rows that moved together, or did not, and with the probe beside it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import pytest

from perf.records.session_record import SessionRecord
from perf.stats.decision import BaselineLevels
from perf.stats.machine_verdict import MachineKind, MachineVerdict, judge_machine
from tests.builders.sessions import session, sessions

NIGHTS = 8


def judged(
    slowdowns: Sequence[float], *, probe_slowdown: float | None = None, tolerance: float = 0.05, nights: int = NIGHTS
) -> MachineVerdict:
    """Judge a machine by rows that are slower by so much, and by a probe that is."""
    references, new = {}, {}
    for n, slowdown in enumerate(slowdowns):
        name = f"row {n}"
        usual = sessions(nights, seed=n, sd=0.005, days=True)
        tonight = sessions(2, seed=100 + n, slowdown=slowdown, sd=0.005, night=NIGHTS + 1)
        if probe_slowdown is not None:
            usual = [probed(each, 0.03) for each in usual]
            tonight = [probed(each, 0.03 * (1 + probe_slowdown)) for each in tonight]
        references[name], new[name] = BaselineLevels.of(usual), tonight
    return judge_machine(references, new, tolerance=tolerance)


def probed(record: SessionRecord, probe_s: float) -> SessionRecord:
    rounds = tuple(dataclasses.replace(timed, probe_s=probe_s) for timed in record.rounds)
    return dataclasses.replace(record, rounds=rounds, probe="numpy")


@pytest.mark.parametrize(
    ("slowdowns", "kind", "fails"),
    [
        pytest.param([0.0] * 4, MachineKind.UNCHANGED, False, id="as ever"),
        pytest.param([0.1] * 3, MachineKind.SLOWER, True, id="three rows are slower"),
        pytest.param([0.1] * 2, MachineKind.SLOWER, True, id="two rows are slower"),
        pytest.param([0.07] * 12, MachineKind.SLOWER, True, id="more than is tolerated"),
        pytest.param([0.04] * 12, MachineKind.SLOWER, False, id="surely, but less than is tolerated"),
        pytest.param([-0.1] * 4, MachineKind.FASTER, False, id="faster"),
        pytest.param([0.1, 0.0, 0.0], MachineKind.NOT_TOLD, False, id="one row of three is slower"),
        pytest.param([0.12, 0.06, -0.05], MachineKind.NOT_TOLD, False, id="rows disagree"),
    ],
)
def test_kinds(slowdowns: list[float], kind: MachineKind, fails: bool) -> None:
    verdict = judged(slowdowns)
    assert (verdict.kind, verdict.fails) == (kind, fails), verdict.sentence
    assert f"from {len(slowdowns)} rows" in verdict.sentence


def test_the_tolerance_decides_what_fails() -> None:
    assert judged([0.07] * 12, tolerance=0.05).fails
    assert not judged([0.07] * 12, tolerance=0.10).fails


@pytest.mark.parametrize(("rows", "said"), [(0, "none can be compared"), (1, "only row 0 can be compared")])
def test_too_few_rows_tell_nothing(rows: int, said: str) -> None:
    verdict = judged([0.5] * rows)
    assert (verdict.kind, verdict.fails, verdict.ratio) == (MachineKind.NOT_TOLD, False, None)
    assert said in verdict.sentence


def test_rows_that_other_work_disturbed_do_not_count() -> None:
    calm = BaselineLevels.of(sessions(3, seed=1))
    disturbed = [session([10.0, 12.0], pressure=0.4)]
    verdict = judge_machine({"a": calm, "b": calm}, {"a": sessions(1, seed=2), "b": disturbed})
    assert (verdict.kind, list(verdict.rows)) == (MachineKind.NOT_TOLD, ["a"])


def test_one_night_knows_less_than_eight() -> None:
    """Four sessions a row, but all of one night: how much nights differ is not known."""
    assert judged([0.03] * 6).kind is MachineKind.SLOWER
    references = {str(n): BaselineLevels.of(sessions(4, seed=n, sd=0.005)) for n in range(6)}
    tonight = {str(n): sessions(2, seed=100 + n, slowdown=0.03, sd=0.005, night=2) for n in range(6)}
    assert not judge_machine(references, tonight).fails


def test_the_probe_is_beside_it_and_takes_nothing_away() -> None:
    verdict = judged([0.1] * 4, probe_slowdown=0.1)
    assert verdict.fails
    assert verdict.probe == pytest.approx(1.1)
    assert "the machine's probe took +10.0 %" in verdict.sentence
    assert judged([0.1] * 4).probe is None


def test_the_peak_is_beside_it() -> None:
    references = {name: BaselineLevels.of(sessions(5, seed=n)) for n, name in enumerate("abc")}
    new = {name: sessions(1, seed=9 + n) for n, name in enumerate("abc")}
    assert "its peak is -8.0 %" in judge_machine(references, new, peak=0.92).sentence


def test_it_is_kept_as_json() -> None:
    kept = json.loads(json.dumps(judged([0.1] * 3).to_json()))
    assert (kept["kind"], kept["fails"]) == ("slower", True)
    assert kept["low"] < kept["ratio"] < kept["high"]
    assert list(kept["rows"]) == ["row 0", "row 1", "row 2"]
