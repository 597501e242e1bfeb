"""Taking turns: when it waits, what it leaves out, and what it does when the parent has gone."""

from __future__ import annotations

import io
import json

import pytest

from perf.records.sample import Conditions
from perf.worker.turns import Turns
from perf.worker.wire import Wire


def wire(*requests: str) -> tuple[Wire, io.StringIO]:
    said = io.StringIO()
    return Wire(io.StringIO("".join(json.dumps({"request": one}) + "\n" for one in requests)), said), said


def test_without_turns_nothing_is_said() -> None:
    both, said = wire()
    taking = Turns(both)
    taking.restart(takes_turns=False)
    taking()
    assert (said.getvalue(), taking.waited_s) == ("", 0)


def test_it_says_where_it_is_and_leaves_out_what_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((10.0, 12.5, 20.0, 21.0))
    monkeypatch.setattr("perf.worker.turns.time.perf_counter", lambda: next(moments))
    pressures = iter((1.0, 1.5, 4.0, 4.25))
    monkeypatch.setattr("perf.worker.conditions._cpu_pressure_s", lambda: next(pressures))
    both, said = wire("turn", "turn")
    taking = Turns(both)
    taking.restart(takes_turns=True)
    taking()
    taking()
    assert [json.loads(line) for line in said.getvalue().splitlines()] == [{"reply": "turn"}] * 2
    assert taking.waited_s == 3.5
    whole = Conditions(cpu_s=9.0, peak_rss_bytes=7, involuntary_switches=5, cpu_pressure_s=1.0, steal_s=0.0)
    assert taking.without_waits(whole).cpu_pressure_s == 0.25
    assert taking.without_waits(whole).peak_rss_bytes == 7


def test_another_request_in_between_is_an_error_and_no_parent_is_the_end() -> None:
    taking = Turns(wire("evidence")[0])
    taking.restart(takes_turns=True)
    with pytest.raises(ValueError, match="evidence was asked for in the middle of a generation"):
        taking()
    with pytest.raises(SystemExit):
        taking()
