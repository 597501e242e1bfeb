"""Sweeps: the settings that a row is measured at, what they are called, and which of them one worker can make."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from perf.errors import BadInput
from perf.spec import ladder
from perf.spec.protocol import NO_SWEEP, Protocol, Size, Sweep, parse_sizes, parse_steps, setting_in_words
from perf.spec.sweep import at_setting_of, base_names, can_follow, settings_of
from perf.spec.variant import Variant

SMALL, LARGE = Size(256, 256), Size(512, 512)
BOTH = Sweep.of([LARGE, SMALL], [20, 10])
TAKING_ANY_SIZE = {
    *("eager-fp32", "eager-fp32-jemalloc", "eager-fp32-tcmalloc", "bf16-autocast", "bf16-channels-last"),
    *("fp16-channels-last", "lcm-4", "ipex-bf16", "openvino-dynamic", "onnxruntime"),
}


def row(name: str) -> Variant:
    (variant,) = ladder.select([name])
    return variant


def settings(name: str, sweep: Sweep = BOTH) -> tuple[Variant, ...]:
    return settings_of([row(name)], sweep)


def test_a_row_has_each_setting_by_size_and_then_by_steps() -> None:
    swept = settings("openvino-dynamic")
    assert [variant.name for variant in swept] == [
        "openvino-dynamic-256x256-10steps",
        "openvino-dynamic-256x256-20steps",
        "openvino-dynamic-512x512-10steps",
        "openvino-dynamic-512x512-20steps",
    ]
    assert [(variant.size, variant.steps) for variant in swept] == [(SMALL, 10), (SMALL, 20), (LARGE, 10), (LARGE, 20)]
    assert {variant.base_name for variant in swept} == {"openvino-dynamic"}
    assert swept[1].setting == "256x256-20steps"
    assert base_names(swept)["openvino-dynamic-512x512-20steps"] == "openvino-dynamic"
    assert replace(swept[0], name="openvino-dynamic", size=None, steps=None, setting_of=None) == row("openvino-dynamic")


def test_the_settings_of_a_row_stand_one_after_the_other() -> None:
    swept = settings_of(ladder.LADDER, BOTH)
    names = [variant.base_name for variant in swept]
    assert list(dict.fromkeys(names)) == [variant.name for variant in ladder.LADDER]
    assert names == sorted(names, key=[variant.name for variant in ladder.LADDER].index)


@pytest.mark.parametrize(
    ("name", "sweep", "names"),
    [
        ("eager-fp32", NO_SWEEP, ["eager-fp32"]),
        ("eager-fp32", Sweep.of([SMALL, LARGE], [20]), ["eager-fp32-256x256", "eager-fp32-512x512"]),
        ("eager-fp32", Sweep.of([], [10, 20]), ["eager-fp32-10steps", "eager-fp32-20steps"]),
        ("lcm-4", BOTH, ["lcm-4-256x256", "lcm-4-512x512"]),
        ("lcm-4", Sweep.of([], [10, 20]), ["lcm-4"]),
    ],
)
def test_what_has_one_value_or_is_the_rows_own_is_not_swept(name: str, sweep: Sweep, names: list[str]) -> None:
    swept = settings(name, sweep)
    assert [variant.name for variant in swept] == names
    assert [variant.setting for variant in swept] == [each.removeprefix(name).removeprefix("-") for each in names]


def test_a_row_of_its_own_size_is_swept_over_steps_alone() -> None:
    own = replace(row("eager-fp32"), size=SMALL)
    assert [variant.name for variant in settings_of([own], BOTH)] == ["eager-fp32-10steps", "eager-fp32-20steps"]


def test_which_rows_take_any_size() -> None:
    assert {variant.name for variant in ladder.LADDER if variant.takes_any_size} == TAKING_ANY_SIZE


@pytest.mark.parametrize(("name", "to_other_size"), [("openvino-dynamic", True), ("openvino-static", False)])
def test_a_worker_makes_all_steps_and_other_sizes_where_the_backend_allows(name: str, to_other_size: bool) -> None:
    first, more_steps, larger, _ = settings(name)
    assert can_follow(more_steps, first)
    assert can_follow(larger, more_steps) is to_other_size
    assert can_follow(first, larger) is to_other_size, "in whatever order the tests are"


def test_no_other_row_can_follow() -> None:
    assert not can_follow(row("eager-fp32"), row("eager-fp32")), "outside a sweep each session has a worker of its own"
    assert not can_follow(settings("eager-fp32-jemalloc")[0], settings("eager-fp32")[0])


def test_another_row_at_the_setting_of_a_row() -> None:
    assert at_setting_of(row("eager-fp32"), row("openvino-static")) == row("eager-fp32")
    for eager, static in zip(settings("eager-fp32"), settings("openvino-static"), strict=True):
        assert at_setting_of(row("eager-fp32"), static) == eager


def test_the_order_of_a_sweep_is_its_own() -> None:
    assert Sweep(sizes=(SMALL, LARGE), steps=(10, 20)) == BOTH
    assert Sweep.of([SMALL], [10]) == Sweep.of([], []) == NO_SWEEP
    assert not NO_SWEEP


@pytest.mark.parametrize("sweep", [BOTH, NO_SWEEP, Sweep.of([], [1, 2, 4]), Sweep.of([SMALL, LARGE], [])])
def test_json_both_ways(sweep: Sweep) -> None:
    protocol = Protocol(size=SMALL, steps=10, sweep=sweep)
    assert Protocol.from_json(json.loads(json.dumps(protocol.to_json()))) == protocol
    assert Sweep.from_json(protocol.compared) == sweep


def test_a_single_setting_reads_as_it_did_before_there_were_sweeps() -> None:
    assert "sweep" not in Protocol(size=SMALL).to_json()
    assert Protocol(size=SMALL, steps=1).setting == "256x256, 1 step"


def test_a_sweep_in_words_and_in_what_is_compared() -> None:
    protocol = Protocol(size=SMALL, steps=10, sweep=Sweep.of([SMALL, LARGE], [10, 20, 30]))
    assert protocol.setting == "256x256 and 512x512, 10, 20 and 30 steps"
    assert (protocol.compared["size"], protocol.compared["steps"]) == ("256x256,512x512", "10,20,30")


def test_the_setting_of_a_later_version_is_named_though_it_has_more() -> None:
    protocol = Protocol(size=SMALL, sweep=Sweep.of([SMALL, LARGE], []))
    assert setting_in_words(protocol.to_json() | {"cheese": 1}) == "256x256 and 512x512, 20 steps"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("256x256,500x500", "--size 256x256,500x500: size 500x500: both sides must be positive multiples of 8"),
        ("500x500", "size 500x500: both sides must be positive multiples of 8"),
        ("256,cheese", "--size 256,cheese: size 'cheese' is not of the form WIDTHxHEIGHT"),
        ("256,", "--size 256,: size '' is not of the form"),
        ("512,512x512", "--size 512,512x512: 512x512 is there twice"),
    ],
)
def test_a_fault_names_the_one_size(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_sizes(text)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10,0", "--steps 10,0: steps 0: must be at least 1"),
        ("0", "--steps 0: must be at least 1"),
        ("10,cheese", "--steps 10,cheese: steps 'cheese' is not a whole number"),
        ("1.5", "--steps '1.5' is not a whole number"),
        ("10,20,10", "--steps 10,20,10: 10 is there twice"),
    ],
)
def test_a_fault_names_the_one_number_of_steps(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_steps(text)
    assert str(caught.value) == said


def test_lists_may_have_spaces() -> None:
    assert parse_sizes("256x256, 512") == (SMALL, LARGE)
    assert parse_steps("20, 10") == (20, 10)
