"""Replies that no honest worker sends: each is named, and none is believed."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.measure.replies import KINDS, Failure, Probed, Progress, Ready, TurnAsked, read_reply
from perf.records.counts import Counts, GenerationCounts
from perf.records.part import Part
from perf.records.sample import Sample
from perf.records.strict_json import parse
from tests.builders.evidence import evidence
from tests.builders.json_places import places
from tests.builders.samples import sample

COUNTS = GenerationCounts(parts={Part.UNET_STEP: Counts(instructions=10**9, page_faults=7)}, rest=Counts())

GOOD: dict[str, dict[str, Any]] = {
    "hello": {"version": 1},
    "ready": {"load_s": 1.5, "export_s": 0.0},
    "progress": {"done": 3},
    "turn": {},
    "sample": json.loads(json.dumps(replace(sample(2.0), counts=COUNTS).to_json())),
    "evidence": json.loads(json.dumps(evidence().to_json())),
    "probed": {"probe_s": 0.05},
    "error": {"type": "ValueError", "message": "cheese", "traceback": "Traceback"},
}


# Fields without which a message is whole: an earlier version knows none of a sample's, not every backend tells of
# layers, and a peak is sent where it was asked for.
OPTIONAL = {
    *(("sample", name) for name in ("probe_s", "turns", "counts", "ended_s", "energy")),
    *(("evidence", name) for name in ("layers", "peak")),
}
EVERYWHERE = [(name, place) for name, fields in GOOD.items() for place in places(fields)]
WRONG = st.sampled_from([None, True, "cheese", "1.0", -1, -0.5, 1e300, 10**30, [], {}, [1], {"a": 1}])


def changed(name: str, place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    message = {"reply": name, **copy.deepcopy(GOOD[name])}
    inner: Any = message
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return message


@pytest.mark.parametrize("name", GOOD)
def test_a_good_reply_is_its_type(name: str) -> None:
    assert isinstance(read_reply(parse(json.dumps({"reply": name, **GOOD[name]}))), KINDS[name])


@given(st.sampled_from(EVERYWHERE), WRONG)
def test_a_wrong_field_is_a_value_error_or_a_value_of_its_type(where: tuple[str, tuple[Any, ...]], value: Any) -> None:
    try:
        reply = read_reply(changed(*where, value))
    except ValueError:
        return
    match reply:  # what is calculated with is a number that can have been measured
        case Sample(latency_s=number) | Ready(load_s=number) | Probed(probe_s=number) | Progress(done=number):
            assert 0 < number < 1e19


@pytest.mark.parametrize("name", [name for name in GOOD if GOOD[name]])
def test_a_missing_field_is_named(name: str) -> None:
    for field in GOOD[name]:
        message = {"reply": name, **{key: value for key, value in GOOD[name].items() if key != field}}
        if (name, field) in OPTIONAL:
            continue
        with pytest.raises(ValueError, match=f"missing required field `{field}`"):
            read_reply(message)


@pytest.mark.parametrize("message", [None, [], "cheese", {}, {"reply": 1}, {"reply": None}], ids=str)
def test_what_is_no_reply(message: Any) -> None:
    with pytest.raises(ValueError, match=r"^not a reply: "):
        read_reply(message)


def test_a_field_of_a_later_version_is_left_out() -> None:
    assert read_reply({"reply": "turn", "why": "cheese"}) == TurnAsked()
    assert read_reply({"reply": "error", **GOOD["error"], "notes": []}) == Failure(**GOOD["error"])
