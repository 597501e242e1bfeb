"""Which rounds and sessions of a run may become a baseline."""

from __future__ import annotations

from dataclasses import replace

from perf.gate.acceptance import usable
from perf.records.session_record import SessionRecord
from tests.builders.sessions import session


def with_calm_rounds(count: int) -> SessionRecord:
    """Return a session of three rounds, of which ``count`` ran alone."""
    calm, busy = session([10.0, 10.1, 10.2]), session([10.0, 10.1, 10.2], pressure=0.3)
    return replace(calm, rounds=(*calm.rounds[:count], *busy.rounds[count:]))


def test_disturbed_rounds_are_left_out() -> None:
    (kept,) = usable([with_calm_rounds(2)])
    assert [timed.latency_s for timed in kept.rounds] == [10.0, 10.1]


def test_a_session_that_cannot_be_read_is_left_out() -> None:
    assert usable([with_calm_rounds(1), with_calm_rounds(0)]) == []


def test_a_session_of_one_round_is_kept() -> None:
    assert len(usable([session([10.0])])) == 1
