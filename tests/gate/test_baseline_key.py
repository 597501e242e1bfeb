"""The key of a baseline: the same for the same measurement for years, and another for a sweep."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from perf.errors import BadRecord
from perf.gate.baseline_key import BaselineKey
from perf.spec.protocol import Protocol, Size, Sweep
from tests.builders.baselines import KEY, MODEL
from tests.builders.machines import GENOA

SMALL, LARGE = Size(128, 128), Size(256, 256)
SWEEP = BaselineKey.of(GENOA, MODEL, Protocol(size=SMALL, steps=10, sweep=Sweep.of([SMALL, LARGE], [10, 20])))


def with_setting(**values: object) -> dict[str, Any]:
    data = copy.deepcopy(SWEEP.to_json())
    data["protocol"] |= values
    return data


def test_the_key_of_a_single_setting_is_as_it_was_before_there_were_sweeps() -> None:
    assert KEY.digest == "0b0f02d9a47d7c9bd426d3092c3791fcd67abaa35a7afce26fada45fd3555ef0"
    assert KEY.file_name == "tiny-128x128-20steps-0b0f02d9.json"


def test_a_sweep_has_a_file_of_its_own() -> None:
    assert SWEEP.file_name == f"tiny-128x128+256x256-10+20steps-{SWEEP.digest[:8]}.json"
    single = BaselineKey.of(GENOA, MODEL, Protocol(size=SMALL, steps=10))
    assert single.differences(SWEEP) == [
        "protocol size: 128x128, here 128x128,256x256",
        "protocol steps: 10, here 10,20",
    ]
    assert (SWEEP.setting, single.setting) == ("128x128 and 256x256, 10 and 20 steps", "128x128, 10 steps")


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"size": "128x128"},
        {"steps": 20},
        {"size": "128x128", "steps": 20},
    ],
)
def test_one_setting_and_several_are_read(setting: dict[str, object]) -> None:
    key = BaselineKey.from_json(with_setting(**setting))
    assert key.to_json() == with_setting(**setting)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"steps": "10"}, "setting.protocol.steps '10' is not a count"),
        ({"steps": 0}, "setting.protocol.steps 0 is not a count"),
        ({"steps": [10, 20]}, r"setting.protocol.steps \[10, 20\] is not a count"),
        ({"steps": "20,10"}, "not in the order of a sweep"),
        ({"steps": "10,1_0"}, "is there twice"),
        ({"steps": "10,2_0"}, "not in the order of a sweep"),
        ({"steps": "10,cheese"}, "steps 'cheese' is not a whole number"),
        ({"steps": f"10,{'9' * 5000}"}, "is not a whole number"),
        ({"size": 128}, "setting.protocol.size 128 is not text"),
        ({"size": "cheese"}, "size 'cheese' is not of the form"),
        ({"size": "128x128,100x100"}, "both sides must be positive multiples of 8"),
        ({"size": f"{'9' * 5000}"}, "setting.protocol"),
    ],
)
def test_what_is_no_setting_is_refused(setting: dict[str, object], said: str) -> None:
    with pytest.raises(BadRecord, match=said):
        BaselineKey.from_json(with_setting(**setting))
