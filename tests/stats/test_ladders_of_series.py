"""Ladders of recorded noise, five series each dated to one night: who is slower, a row or the machine."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from perf.lab import series
from perf.lab.trials import Division, dated, draw, slowed
from perf.records.session_record import SessionRecord
from perf.stats.ladder_decision import judge_ladder
from perf.stats.machine_verdict import MachineKind, MachineVerdict, judge_machine
from perf.stats.verdict import VerdictKind
from tests.builders.runs import DATA

TRIALS = 6
SHUFFLED = "shuffled"
NIGHT = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)


def of_one_night(records: list[SessionRecord], minutes: int) -> list[SessionRecord]:
    """Return the sessions as if the first had been measured so many minutes into the night."""
    began = datetime.datetime.fromisoformat(records[0].recorded)
    return [dated(record, NIGHT + datetime.timedelta(minutes=minutes) - began) for record in records]


def ladders() -> Iterator[dict[str, Division]]:
    """Draw ladders whose rows are the series."""
    paths = sorted((DATA / "noise").glob("*.jsonl"))
    recorded = {path.stem: of_one_night(series.read(path), 5 * row) for row, path in enumerate(paths)}
    draws = [draw(records, TRIALS, SHUFFLED, stream=row) for row, records in enumerate(recorded.values())]
    for trials in zip(*draws, strict=True):
        yield {name: trial.division for name, trial in zip(recorded, trials, strict=True)}


def judged(ladder: Mapping[str, Division], percents: Mapping[str, float]) -> tuple[dict[str, str], MachineVerdict]:
    """Judge a ladder whose rows had two fresh sessions each, and the machine."""
    references = {name: division.reference for name, division in ladder.items()}
    sessions = {name: [slowed(each, percents[name]) for each in row.fresh[:2]] for name, row in ladder.items()}
    verdicts = judge_ladder(references, sessions, same_software=set(ladder))
    return {name: str(verdict.kind) for name, verdict in verdicts.items()}, judge_machine(references, sessions)


@pytest.mark.parametrize("percent", [0, 10])
def test_a_row_that_is_slow_alone_is_not_excused(percent: int) -> None:
    slow: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for trial, ladder in enumerate(ladders()):
        name = list(ladder)[trial % len(ladder)]
        kinds, machine = judged(ladder, dict.fromkeys(ladder, 0) | {name: percent})
        slow[kinds.pop(name)] += 1
        others.update(kinds.values())
        assert not machine.fails
    assert VerdictKind.REGRESSED not in others
    if percent:
        assert slow[VerdictKind.REGRESSED] >= TRIALS - 2, slow
        assert VerdictKind.UNCHANGED not in slow
    else:
        assert VerdictKind.REGRESSED not in slow


def test_rows_that_are_slow_together_are_excused_by_the_machine() -> None:
    kinds: Counter[str] = Counter()
    for ladder in ladders():
        rows, machine = judged(ladder, dict.fromkeys(ladder, 10))
        kinds.update(rows.values())
        assert machine.fails
        assert machine.kind is MachineKind.SLOWER
        assert machine.low is not None
        assert machine.high is not None
        assert machine.low < 1.1 < machine.high
    assert kinds[VerdictKind.DISTURBED] >= 0.8 * kinds.total(), kinds
    assert VerdictKind.UNCHANGED not in kinds
