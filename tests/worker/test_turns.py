"""Turns: when a worker waits, what it leaves out, and what it does when the parent is gone."""

from __future__ import annotations

import io
import json

import pytest

from perf.records.sample import Conditions
from perf.worker.turns import Turns
from perf.worker.wire import Wire


def wire(*requests: str) -> tuple[Wire, io.StringIO]:
    """Return the child's end of a wire on which these requests come, and what it will have sent."""
    lines = "".join(json.dumps({"request": name}) + "\n" for name in requests)
    sent = io.StringIO()
    return Wire(io.StringIO(lines), sent), sent


def test_without_turns_nothing_is_sent() -> None:
    childs_end, sent = wire()
    turns = Turns(childs_end)
    turns.restart(takes_turns=False)
    turns()
    assert (sent.getvalue(), turns.waited_s) == ("", 0)


def test_it_asks_for_each_turn_and_leaves_out_the_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((10.0, 12.5, 20.0, 21.0))
    monkeypatch.setattr("perf.worker.turns.time.perf_counter", lambda: next(moments))
    pressures = iter((1.0, 1.5, 4.0, 4.25))
    monkeypatch.setattr("perf.worker.conditions._cpu_pressure_s", lambda: next(pressures))
    childs_end, sent = wire("turn", "turn")
    turns = Turns(childs_end)
    turns.restart(takes_turns=True)
    turns()
    turns()
    assert [json.loads(line) for line in sent.getvalue().splitlines()] == [{"reply": "turn"}] * 2
    assert turns.waited_s == 3.5
    whole = Conditions(cpu_s=9.0, peak_rss_bytes=7, involuntary_switches=5, cpu_pressure_s=1.0, steal_s=0.0)
    assert turns.without_waits(whole).cpu_pressure_s == 0.25
    assert turns.without_waits(whole).peak_rss_bytes == 7


def test_another_request_in_between_is_an_error_and_no_parent_is_the_end() -> None:
    turns = Turns(wire("evidence")[0])
    turns.restart(takes_turns=True)
    with pytest.raises(ValueError, match="evidence was asked for in the middle of a generation"):
        turns()
    with pytest.raises(SystemExit):
        turns()
