"""Replayed pairs: how often the rule is right on simulated rows, and how a row is kept."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perf.errors import BadSeries
from perf.lab import pair_recording
from perf.lab.pair_recording import KeptRow, Workers
from perf.lab.paired_replay import HEADINGS, Try, by_whole_images, one_try, report, shuffled, tries
from perf.stats.kept_pairs import set_aside
from perf.stats.paired_comparison import PairedVerdict
from tests.builders.pairs import SimulatedRow, without_turns
from tests.builders.runs import DATA


def ends(row: SimulatedRow, count: int, seed: int = 1) -> Counter[PairedVerdict]:
    """Return how often a run of such a row ends with which verdict."""
    generator = np.random.default_rng(seed)
    return Counter(one_try(row.all_workers(generator), budget_s=math.inf).verdict for _ in range(count))


def test_there_are_no_more_false_alarms_than_promised() -> None:
    """Over 1000 rows, steps of half of which are disturbed."""
    verdicts: Counter[PairedVerdict] = Counter()
    for luck, is_busy in itertools.product((0.003, 0.012), (False, True)):
        verdicts += ends(SimulatedRow(change=0.0, noise=0.012, luck=luck, is_busy=is_busy), 250)
    assert verdicts[PairedVerdict.REGRESSED] <= 10
    assert verdicts[PairedVerdict.IMPROVED] <= 10
    assert verdicts[PairedVerdict.EQUIVALENT] >= 950


@pytest.mark.parametrize(("luck", "is_busy"), [(0.003, False), (0.003, True), (0.012, True)])
def test_three_percent_are_found(luck: float, is_busy: bool) -> None:
    row = SimulatedRow(change=math.log(1.03), noise=0.012, luck=luck, is_busy=is_busy)
    assert ends(row, 100)[PairedVerdict.REGRESSED] >= 95


@pytest.mark.parametrize(
    ("luck", "slow_share"), [(0.014, 0.0), (0.003, 0.25)], ids=["much luck", "one worker in four is slow"]
)
def test_three_percent_are_not_missed_where_workers_differ_by_as_much(luck: float, slow_share: float) -> None:
    row = SimulatedRow(change=math.log(1.03), noise=0.006, luck=luck, slow_share=slow_share, start_s=26.0, pairs=9)
    verdicts = ends(row, 100)
    assert verdicts[PairedVerdict.REGRESSED] >= 90
    assert verdicts[PairedVerdict.EQUIVALENT] <= 5


@pytest.mark.parametrize(
    ("change", "right", "wrong"),
    [
        (0.0, PairedVerdict.EQUIVALENT, PairedVerdict.REGRESSED),
        (math.log(1.03), PairedVerdict.REGRESSED, PairedVerdict.EQUIVALENT),
    ],
)
def test_a_neighbour_of_whom_the_kernel_does_not_tell_leaves_few_rows_undecided(
    change: float, right: PairedVerdict, wrong: PairedVerdict
) -> None:
    row = SimulatedRow(change=change, noise=0.01, luck=0.004, has_neighbour=True, pairs=9)
    verdicts = ends(row, 100)
    assert verdicts[right] >= 80
    assert verdicts[wrong] <= 3


@pytest.fixture(scope="module")
def busy_row() -> KeptRow:
    """Return a kept row of six pairs of workers, beside which other work ran."""
    row = SimulatedRow(change=0.0, noise=0.012, luck=0.003, is_busy=True)
    generator = np.random.default_rng(2)
    workers = tuple(row.workers(generator, number) for number in range(1, 7))
    return KeptRow(row="eager-fp32", planted_percent=0.0, is_busy=True, measured="a simulation", workers=workers)


def judged_whole(workers: Workers) -> Workers:
    return replace(workers, pairs=tuple(map(without_turns, workers.pairs)))


def test_part_by_part_it_takes_less_time_and_says_more(busy_row: KeptRow) -> None:
    by_parts = tries(busy_row, 20)
    whole = tries(replace(busy_row, workers=tuple(map(judged_whole, busy_row.workers))), 20)
    assert np.median([one.seconds for one in by_parts]) < np.median([one.seconds for one in whole])
    assert {one.verdict for one in by_parts} == {PairedVerdict.EQUIVALENT}


def test_seconds_and_pairs_are_those_of_what_was_used(busy_row: KeptRow) -> None:
    ended = one_try(busy_row.workers)
    workers = {pair.workers for pair in ended.pairs}
    spent_s = sum(pair.seconds or 0.0 for pair in ended.pairs) + 30.0 * len(workers)
    assert ended.seconds == pytest.approx(spent_s)
    assert workers == set(range(1, len(workers) + 1))


def test_it_stops_at_the_budget(busy_row: KeptRow) -> None:
    ended = one_try(busy_row.workers, budget_s=0.0)
    assert len({pair.workers for pair in ended.pairs}) <= 2


def test_it_ends_with_the_pairs_and_without_any_it_is_undecided(busy_row: KeptRow) -> None:
    assert one_try([]) == Try(verdict=PairedVerdict.UNDECIDED, seconds=0.0, pairs=())
    first = busy_row.workers[0]
    assert len(one_try([replace(first, pairs=first.pairs[:2])]).pairs) == 2


def test_who_was_started_first_stays_so_in_every_order(busy_row: KeptRow) -> None:
    generator = np.random.default_rng(0)
    for _ in range(5):
        numbers = [workers.pairs[0].workers for workers in shuffled(busy_row.workers, generator)]
        assert [number % 2 for number in numbers] == [1, 0, 1, 0, 1, 0]
        assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


def test_a_kept_row_is_read_as_it_was_written(busy_row: KeptRow, tmp_path: Path) -> None:
    busy_row.write(tmp_path / "row.jsonl")
    row = pair_recording.read(tmp_path / "row.jsonl")
    assert (row.row, row.planted_percent, row.is_busy, row.measured) == ("eager-fp32", 0.0, True, "a simulation")
    row.write(tmp_path / "again.jsonl")
    assert pair_recording.read(tmp_path / "again.jsonl") == row
    first, first_read = busy_row.workers[1].pairs[0], row.workers[1].pairs[0]
    assert first_read.reference.latency_s == pytest.approx(first.reference.latency_s, rel=1e-5)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "starts_s": []}\n{"workers": 1}', "\x00"]
)
def test_what_is_no_kept_row_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "row.jsonl"
    path.write_text(text)
    with pytest.raises(BadSeries, match=r"row\.jsonl") as raised:
        pair_recording.read(path)
    assert "\n" not in str(raised.value)


@pytest.fixture(params=sorted((DATA / "pairs").glob("*.jsonl")), ids=lambda path: path.stem)
def kept_row(request: pytest.FixtureRequest) -> KeptRow:
    """Return a row that real workers have made, by tests/benchmarks/paired_power.py."""
    return pair_recording.read(request.param)


def test_what_real_workers_have_made_is_judged_as_it_was(kept_row: KeptRow) -> None:
    """In other orders: slower where more work was planted and only there, or open, with few pairs of workers."""
    verdicts = Counter(one.verdict for one in tries(kept_row, 20))
    assert PairedVerdict.IMPROVED not in verdicts
    if not kept_row.planted_percent:
        assert PairedVerdict.REGRESSED not in verdicts
    elif kept_row.planted_percent >= 3.0:
        assert PairedVerdict.EQUIVALENT not in verdicts


@pytest.mark.parametrize("name", ["openvino-static-3", "openvino-static-3-busy", "bf16-channels-last-3", "ipex-bf16-3"])
def test_three_percent_of_real_workers_are_found_in_every_order(name: str) -> None:
    kept = pair_recording.read(DATA / "pairs" / f"turin-{name}.jsonl")
    assert {one.verdict for one in tries(kept, 40)} == {PairedVerdict.REGRESSED}


def test_parts_are_set_aside_where_other_work_ran_and_they_cost_fewer_pairs_than_images(kept_row: KeptRow) -> None:
    by_parts = [measured for workers in kept_row.workers for measured in workers.pairs]
    whole = [measured for workers in by_whole_images(kept_row).workers for measured in workers.pairs]
    assert set_aside(by_parts) or not kept_row.is_busy
    assert set_aside(by_parts).pairs <= set_aside(whole).pairs
    assert all(measured.reference.turns for measured in by_parts)


def test_the_report_reads_each_row_in_both_ways(kept_row: KeptRow) -> None:
    texts = report([kept_row], count=5)
    assert [len(line) for line in texts] == [len(HEADINGS)] * 2
    assert [line[3].partition(":")[0] for line in texts] == ["by parts", "whole images"]
    assert {line[0] for line in texts} == {kept_row.row}
