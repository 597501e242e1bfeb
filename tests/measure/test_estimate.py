"""The estimate of how long a run will take: from UNet steps, from the last run, and the line that shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.measure.estimate import Estimate, LastRun, roughly, row_s
from perf.measure.settings import DEFAULT, QUICK
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size, Sweep
from perf.spec.sweep import settings_of
from tests.builders.machines import GENOA

EAGER, COMPILED, STATIC = ladder.select(["eager-fp32", "bf16-compile", "openvino-static"])
FULL = "synthetic-sd15"


@pytest.fixture
def last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LastRun:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path))
    return LastRun.of(GENOA, "d" * 64, DEFAULT)


def estimate(last: LastRun, *, protocol: Protocol = DEFAULT, has_bf16: bool = True, sessions: int = 1) -> Estimate:
    return Estimate((EAGER, STATIC), protocol, last, has_bf16=has_bf16, sessions=sessions)


def test_rounds_end_at_the_budget_but_never_before_the_minimum() -> None:
    slow, fast = (row_s(EAGER, DEFAULT, step_s) for step_s in (10.0, 0.1))
    assert slow == pytest.approx(20 + 11 * 10 + 3 * 22 * 10 + 20)
    assert fast == pytest.approx(20 + 11 * 0.1 + 10 * 22 * 0.1 + 0.2)


def test_what_compiles_takes_longer_to_be_ready() -> None:
    assert row_s(COMPILED, DEFAULT, 0.001) - row_s(EAGER, DEFAULT, 0.001) == pytest.approx(100, abs=0.1)


def test_a_row_of_four_steps_takes_the_time_of_four() -> None:
    (lcm,) = ladder.select(["lcm-4"])
    assert row_s(lcm, DEFAULT, 1.0) == pytest.approx(20 + 4 * 1.1 + 10 * 4 * 1.1 + 2)
    assert row_s(lcm, replace(DEFAULT, steps=50), 1.0) == row_s(lcm, DEFAULT, 1.0)


def test_a_sweep_counts_pixels_and_steps_and_the_load_of_each_worker_once(last: LastRun) -> None:
    sweep = Sweep.of([Size(256, 256), Size(512, 512)], [10, 20])
    protocol = replace(DEFAULT, size=Size(256, 256), steps=10, sweep=sweep)
    variants = settings_of([EAGER, STATIC], sweep)
    left = Estimate(variants, protocol, last, has_bf16=True)
    left.add_step("eager-fp32-512x512-20steps", 4.0)
    rows = {variant.name: row_s(variant, protocol, 1.0, loads=False) for variant in variants}
    expected_s = 20.0 + 2 * 20.0  # eager float32 is loaded once, the static one for each size
    for variant in variants:
        step_s = (0.38 if variant.static_shape else 1.0) * (4 if variant.size == Size(512, 512) else 1)
        expected_s += row_s(variant, protocol, step_s, loads=False)
    assert left.left_s() == pytest.approx(expected_s)
    assert rows["eager-fp32-256x256-20steps"] > 1.5 * rows["eager-fp32-256x256-10steps"]
    line = left.announcement(FULL)
    assert line is not None
    assert "by a UNet step of eager-fp32-512x512-20steps in 4 s" in line
    assert "--quick" not in line, "which would not change the sizes that were given"


def test_nothing_is_shown_before_anything_is_known(last: LastRun) -> None:
    unknown = estimate(last)
    assert unknown.left_s() is None
    assert unknown.announcement(FULL) is None
    assert unknown.time_left() == ""


def test_the_first_step_tells_the_whole_and_what_would_be_shorter(last: LastRun) -> None:
    known = estimate(last)
    known.add_step(EAGER.name, 12.0)
    assert known.left_s() == pytest.approx(row_s(EAGER, DEFAULT, 12.0) + row_s(STATIC, DEFAULT, 12.0 * 0.38))
    line = known.announcement(FULL)
    assert line is not None
    assert line.startswith("2 rows take about 22 min here, by a UNet step of eager-fp32 in 12 s; rows that seem slower")
    assert line.endswith(". Shorter: --quick (about 3 min), --variant NAME for one row, --model tiny to try it out")
    assert known.announcement(FULL) is None, "shown once"


def test_a_step_with_the_compilation_in_it_tells_nothing(last: LastRun) -> None:
    known = Estimate((COMPILED, STATIC), DEFAULT, last, has_bf16=True)
    known.add_step(COMPILED.name, 25.0)
    assert known.left_s() is None
    known.add_step(STATIC.name, 1.0)
    assert known.left_s() == pytest.approx(row_s(COMPILED, DEFAULT, 0.53 / 0.38) + row_s(STATIC, DEFAULT, 1.0), rel=0.1)


def test_a_short_run_names_nothing_shorter(last: LastRun) -> None:
    known = estimate(last, protocol=QUICK)
    known.add_step(EAGER.name, 1.0)
    assert "Shorter" not in str(known.announcement(FULL))


def test_without_bfloat16_openvino_is_hardly_faster(last: LastRun) -> None:
    with_bf16, without = estimate(last), estimate(last, has_bf16=False)
    for known in (with_bf16, without):
        known.add_step(EAGER.name, 9.0)
    assert (without.left_s() or 0) > 1.2 * (with_bf16.left_s() or 0)


def test_pairs_take_the_time_of_more_sessions_until_they_end(last: LastRun) -> None:
    known = estimate(last)
    known.add_step(EAGER.name, 12.0)
    alone_s, session_s = row_s(EAGER, DEFAULT, 12.0), row_s(STATIC, DEFAULT, 12.0 * 0.38)
    known.expect_pairs([STATIC.name])
    assert known.left_s() == pytest.approx(alone_s + 6 * session_s)
    assert "min here, 1 of them in pairs, by a UNet step" in str(known.announcement(FULL))
    known.end_row(STATIC.name, 100.0)
    assert known.left_s() == pytest.approx(alone_s + 5 * 100.0)
    known.end_pairs(STATIC.name)
    assert known.left_s() == pytest.approx(alone_s)


def test_the_last_run_is_believed_more_than_steps(last: LastRun) -> None:
    before = estimate(last)
    before.end_row(EAGER.name, 300.0)
    before.end_row(STATIC.name, 100.0)
    assert (before.left_s(), before.time_left()) == (0, "")
    again = estimate(last)
    again.add_step(EAGER.name, 1.0)
    assert again.left_s() == 400.0
    assert str(again.announcement(FULL)).startswith("2 rows take about 7 min here, by the last run")
    again.end_row(EAGER.name, 320.0)
    assert again.time_left() == ", about 2 min left"
    again.drop(STATIC.name)
    assert again.time_left() == ""


def test_more_sessions_take_as_long_again(last: LastRun) -> None:
    last.add(EAGER.name, 300.0)
    last.add(STATIC.name, 100.0)
    assert estimate(last, sessions=3).left_s() == 1200.0


@pytest.mark.parametrize("content", ["", "[]", '{"eager-fp32": "soon"}', '{"eager-fp32": null}', "{", "[" * 10**5])
def test_a_broken_file_is_no_estimate(last: LastRun, content: str) -> None:
    last.path.parent.mkdir(parents=True)
    last.path.write_text(content)
    assert last.read() == {}
    last.add(STATIC.name, 1.0)
    assert last.read() == {STATIC.name: 1.0}


def test_times_that_nothing_can_have_taken_are_left_out(last: LastRun) -> None:
    last.path.parent.mkdir(parents=True)
    last.path.write_text('{"eager-fp32": -1, "openvino-static": 0, "bf16-compile": 5}')
    assert last.read() == {"bf16-compile": 5.0}


@pytest.mark.parametrize("content", ["", "cheese", "NaN", "[1]", "[" * 100_000], ids=lambda content: content[:9])
def test_a_spoilt_file_only_makes_the_estimate_worse(last: LastRun, content: str) -> None:
    last.path.parent.mkdir(parents=True)
    last.path.write_text(content)
    assert last.read() == {}


def test_a_file_without_end_is_not_read(last: LastRun) -> None:
    last.path.parent.mkdir(parents=True)
    last.path.symlink_to("/dev/zero")
    assert last.read() == {}


def test_another_protocol_has_another_file(last: LastRun) -> None:
    other = LastRun.of(GENOA, "d" * 64, Protocol(size=Size(512, 512), rounds=3))
    assert other.path != last.path


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (20, "under a minute"),
        (60, "about 1 min"),
        (899, "about 15 min"),
        (3600, "about 1 h"),
        (7790, "about 2 h 10 min"),
    ],
)
def test_durations_have_the_digits_of_an_estimate(seconds: float, text: str) -> None:
    assert roughly(seconds) == text
