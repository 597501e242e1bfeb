"""Turns: when a worker waits, what it leaves out, each turn's conditions, and what it does when the parent is gone."""

from __future__ import annotations

import io
import json

import pytest

from perf.records.part import Part
from perf.records.sample import Conditions, Turn
from perf.worker.conditions import Counters
from perf.worker.turns import Turns
from perf.worker.wire import Wire


def wire(*requests: str) -> tuple[Wire, io.StringIO]:
    """Return the child's end of a wire on which these requests come, and what it will have sent."""
    lines = "".join(json.dumps({"request": name}) + "\n" for name in requests)
    sent = io.StringIO()
    return Wire(io.StringIO(lines), sent), sent


def counters(cpu_s: float, pressure_s: float | None, switches: int) -> Counters:
    return Counters(
        cpu_s=cpu_s,
        involuntary_switches=switches,
        cpu_pressure_s=pressure_s,
        steal_s=0.0,
        peak_was_reset=False,
    )


@pytest.fixture
def two_turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """Return the turns of a generation that has waited twice, for 2.5 and 1 s, and worked from 12.5 to 20 s between."""
    moments = iter((10.0, 12.5, 20.0, 21.0))
    monkeypatch.setattr("perf.worker.turns.time.perf_counter", lambda: next(moments))
    read = iter((counters(0.0, 1.0, 0), counters(0.5, 1.5, 1), counters(14.5, 4.0, 3), counters(14.75, 4.25, 3)))
    monkeypatch.setattr(Counters, "read", lambda **_: next(read))
    childs_end, sent = wire("turn", "turn")
    turns = Turns(childs_end)
    turns.restart(takes_turns=True)
    turns(Part.TEXT_ENCODER)
    turns(Part.UNET_STEP)
    assert [json.loads(line) for line in sent.getvalue().splitlines()] == [{"reply": "turn"}] * 2
    return turns


def test_without_turns_nothing_is_sent() -> None:
    childs_end, sent = wire()
    turns = Turns(childs_end)
    turns.restart(takes_turns=False)
    turns(Part.UNET_STEP)
    assert (sent.getvalue(), turns.waited_s) == ("", 0)
    assert turns.conditions(counters(1.0, None, 0), 5.0) is None


def test_it_asks_for_each_turn_and_leaves_out_the_waits(two_turns: Turns) -> None:
    assert two_turns.waited_s == 3.5
    whole = Conditions(cpu_s=16.0, peak_rss_bytes=7, involuntary_switches=5, cpu_pressure_s=3.5, steal_s=0.0)
    without = two_turns.without_waits(whole)
    assert (without.cpu_s, without.involuntary_switches, without.cpu_pressure_s) == (15.25, 4, 2.75)
    assert without.peak_rss_bytes == 7


def test_each_turn_lasts_from_its_grant_to_the_next_wait(two_turns: Turns) -> None:
    assert two_turns.conditions(counters(15.75, 4.5, 7), 21.5) == (
        Turn(part=Part.TEXT_ENCODER, wall_s=7.5, cpu_s=14.0, involuntary_switches=2, cpu_pressure_s=2.5),
        Turn(part=Part.UNET_STEP, wall_s=0.5, cpu_s=1.0, involuntary_switches=4, cpu_pressure_s=0.25),
    )


def test_a_kernel_without_pressure_has_none_in_any_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perf.worker.conditions._cpu_pressure_s", lambda: None)
    turns = Turns(wire("turn")[0])
    turns.restart(takes_turns=True)
    turns(Part.VAE_DECODE)
    (turn,) = turns.conditions(Counters.read(reset_peak=False), 10**9) or ()
    assert turn.cpu_pressure_s is None
    assert (turn.part, turn.cpu_s >= 0) == (Part.VAE_DECODE, True)


def test_another_request_in_between_is_an_error_and_no_parent_is_the_end() -> None:
    turns = Turns(wire("evidence")[0])
    turns.restart(takes_turns=True)
    with pytest.raises(ValueError, match="evidence was asked for in the middle of a generation"):
        turns(Part.UNET_STEP)
    with pytest.raises(SystemExit):
        turns(Part.UNET_STEP)
