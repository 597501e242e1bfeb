"""Trends over the nights: of rows, of machines, and what must not be called one."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from perf.history.creep import creeps
from perf.history.database import Database
from perf.history.night import read_night
from perf.history.points import Point
from perf.history.trend import Change, changes
from tests.builders.points import against, began, nights, point
from tests.builders.recorded_runs import recorded_row, write_run

ROWS = ("eager-fp32", "bf16-autocast", "ipex-bf16", "openvino-static", "openvino-dynamic")
STACKS = {
    "a": {"python_version": "3.11.7", "packages": {"openvino": "2026.1.0", "numpy": "2.3.0", "torch": "2.13.0"}},
    "b": {"python_version": "3.11.7", "packages": {"openvino": "2026.2.0", "numpy": "2.4.0", "torch": "2.13.0"}},
}


def ladder(count: int, machine_factors: dict[int, float] | None = None, sd: float = 0.01, **fields: str) -> list[Point]:
    """Return the nights of five rows, each with noise of its own."""
    return [
        point
        for seed, name in enumerate(ROWS)
        for point in nights(count, name, seed=seed, sd=sd, factors=machine_factors, **fields)
    ]


def found(points: Sequence[Point]) -> tuple[Change, ...]:
    return changes(points, STACKS)


def test_a_row_that_gets_slower_says_since_when() -> None:
    slow = nights(100, "openvino-static-dpm", seed=9, factors={60: 1.03})
    (change,) = found([*ladder(100), *slow])
    assert (change.row, change.quantity, change.matters) == ("openvino-static-dpm", "latency", False)
    assert change.earliest <= began(60) <= change.latest
    assert change.low < 1.03 < change.high
    assert str(change).startswith("openvino-static-dpm: latency +")
    assert " since 2026-03-" in str(change)


def test_a_row_alone_is_searched_as_it_is() -> None:
    (change,) = found(nights(100, factors={60: 1.05}))
    assert (change.row, change.matters) == ("openvino-static", True)


def test_a_machine_that_gets_slower_is_said_once() -> None:
    (change,) = found(ladder(100, {60: 1.06}))
    assert (change.row, change.setting, change.machine) == (None, None, "genoa")
    assert change.matters
    assert str(change).startswith("the machine: latency of all rows +")


def test_a_row_that_gets_slower_beyond_its_machine_is_said_beside_it() -> None:
    own = nights(100, "openvino-static-dpm", seed=9, factors={40: 1.05, 70: 1.06})
    of_machine, of_row = found([*ladder(100, {70: 1.06}), *own])
    assert (of_machine.row, of_row.row) == (None, "openvino-static-dpm")
    assert of_row.earliest <= began(40) <= of_row.latest


@pytest.mark.parametrize("size", [1.2, 3.0])
def test_one_bad_night_is_no_trend(size: float) -> None:
    assert found(ladder(60, {40: size, 41: 1 / size})) == ()


@pytest.mark.parametrize("count", range(6))
def test_a_history_of_a_few_nights_says_nothing(count: int) -> None:
    assert found(ladder(count, {count // 2: 1.5})) == ()


def test_the_order_of_writing_and_nights_written_twice_change_nothing() -> None:
    points = ladder(80, {50: 1.06})
    shuffled = [*points, *points[:40]]
    random.Random(1).shuffle(shuffled)
    assert set(found(shuffled)) == set(found(points))


def test_two_machines_of_one_name_are_two() -> None:
    """The host was given a faster CPU, so that from some night on everything takes half as long."""
    before = ladder(40)
    after = [
        replace(each, machine="turin", setting="turin", latency_s=each.latency_s / 2, began=began(40 + number % 40))
        for number, each in enumerate(before)
    ]
    assert found([*before, *after]) == ()


def test_a_change_with_the_host_names_both() -> None:
    points = [replace(each, host="old" if each.began < began(60) else "new") for each in ladder(100, {60: 1.06})]
    (change,) = found(points)
    assert change.notes == ("host old -> new",)


def test_rows_with_gaps_and_numbers_that_are_none() -> None:
    points = [each for number, each in enumerate(ladder(120, {60: 1.06})) if number % 7]
    points[::11] = [replace(each, latency_s=math.nan) for each in points[::11]]
    points[5::13] = [
        replace(each, low_s=0.0, high_s=math.inf, peak_rss_bytes=None, load_s=0.0) for each in points[5::13]
    ]
    (change,) = found(points)
    assert change.row is None


def test_memory_load_and_parts_are_watched_as_well() -> None:
    points = [
        replace(
            each,
            peak_rss_bytes=1e9 * (1.1 if late else 1),
            load_s=5.0 * (4 if late else 1),
            parts_s={"UNet step": 0.4, "VAE decode": 1.2 if late else 1.0},
        )
        for each in nights(100, sd=0.003)
        for late in [each.began >= began(60)]
    ]
    said = {change.quantity: round(change.ratio, 1) for change in found(points)}
    assert said == {"VAE decode": 1.2, "load time": 4.0, "peak memory": 1.1}


def upgraded(name: str, seed: int, ratio: float | None) -> list[Point]:
    """Return the nights of a row that has other software, 6 % slower, from night 60 on, and is measured against it."""
    to_anchor = against("a", ratio) if ratio else None
    return [
        replace(each, stack="b", to_anchor=to_anchor) if each.began >= began(60) else each
        for each in nights(100, name, seed=seed, factors={60: 1.06})
    ]


def test_slower_software_is_each_rows_matter_and_not_the_machines() -> None:
    points = [each for seed, name in enumerate(ROWS) for each in upgraded(name, seed, 1.06)]
    said = found(points)
    assert {change.row for change in said} == set(ROWS)
    assert said[0].notes == ("openvino 2026.1.0 -> 2026.2.0, numpy 2.3.0 -> 2.4.0",)


def test_where_no_ratio_was_measured_the_machine_and_the_software_are_not_told_apart() -> None:
    (change,) = found([each for seed, name in enumerate(ROWS) for each in upgraded(name, seed, None)])
    assert change.row is None
    assert change.notes == ("5 of 5 rows have other software since, not compared with what was before",)


def test_a_database_is_read_as_it_is(tmp_path: Path) -> None:
    night = read_night(write_run(tmp_path / "run.json", recorded_row("eager-fp32", [10.0, 10.2, 10.1])))
    (row,) = night.rows
    anchor = "of long ago"
    with Database(f"sqlite:///{tmp_path / 'history.sqlite'}") as database:
        for number in range(30):
            slower = replace(row, latency_s=10 if number < 20 else 12, calm=None, to_anchor=against(anchor, 1.01))
            database.add(replace(night, digest=f"{number}", began=began(number), rows=(slower,)))
        (change,) = changes(database.points(), database.stacks())
        (creep,) = creeps(database.points(), database.stacks())
    assert (change.row, change.began, round(change.ratio, 2)) == ("eager-fp32", began(20), 1.2)
    assert "by one upgrade: other software +1.0 % (2026-01-01)" in str(creep)


def test_quiet_nights_of_a_ladder_say_nothing() -> None:
    assert found(ladder(365)) == ()


def test_nothing_comes_of_nothing() -> None:
    assert found([]) == ()
    assert found([point(0)]) == ()


def with_parts(points: Sequence[Point], since: int, **factors: float) -> list[Point]:
    """Return a row's nights with the seconds of each part, which share the noise, times a factor from a night on."""
    shares = {"text encoder": 0.1, "UNet step": 0.5, "VAE decode": 0.3, "safety checker": 0.1}
    told = []
    for number, each in enumerate(points):
        changed = factors if number >= since else {}
        parts_s = {
            part: share * each.latency_s * changed.get(part.partition(" ")[0], 1.0) for part, share in shares.items()
        }
        told.append(replace(each, parts_s=parts_s))
    return told


def test_a_change_of_all_parts_is_said_once() -> None:
    points = with_parts(nights(100, factors={60: 1.05}), since=100)
    (change,) = found(points)
    assert "; with it UNet step +4.9 %, VAE decode +4.9 %" in str(change)


def test_the_part_that_makes_up_a_change_is_said_with_it() -> None:
    (change,) = found(
        with_parts(nights(100, factors={60: 1.05}), since=60, text=0.95, VAE=0.95, safety=0.95, UNet=1.05)
    )
    assert (change.quantity, change.row) == ("latency", "openvino-static")
    assert "; with it UNet step +10." in str(change)


def test_a_part_that_changes_alone_is_said_by_itself() -> None:
    (change,) = found(with_parts(nights(100), since=60, safety=1.4))
    assert change.quantity == "safety checker"


def test_a_night_without_calm_rounds_says_nothing() -> None:
    quiet = [
        replace(each, calm_rounds=3, calm_s=each.latency_s, calm_low_s=each.low_s, calm_high_s=each.high_s)
        for each in nights(100)
    ]
    busy = [
        replace(each, latency_s=15.0, calm_rounds=0, calm_s=None) if number % 3 else each
        for number, each in enumerate(quiet)
    ]
    slower = [
        replace(each, calm_s=each.calm_s * 1.05) if number >= 60 and each.calm_s else each
        for number, each in enumerate(busy)
    ]
    assert found(busy) == ()
    assert found(with_parts(busy, since=100)) == (), "nor of its parts"
    (change,) = found(slower)
    assert change.earliest <= began(60) <= change.latest
    assert change.low < 1.05 < change.high
