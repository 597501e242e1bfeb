"""Session records: JSON both ways, and nothing accepted that cannot have been measured."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.errors import BadRecord
from perf.records.energy import Energy
from perf.records.sample import Conditions, Parts, Sample, Session
from perf.records.session_record import COLUMNS, Round, SessionRecord, rounded
from tests.builders.samples import sample
from tests.builders.sessions import session

GOOD: dict[str, Any] = session([1.0, 2.0], probe_s=0.05).to_json()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_a_session_becomes_a_record() -> None:
    parts = Parts(text_encoder_s=1, unet_steps_s=(2.0, 4.0, 3.0), vae_decode_s=5, safety_checker_s=0, rest_s=0)
    conditions = Conditions(cpu_s=20.0, peak_rss_bytes=7, involuntary_switches=3, cpu_pressure_s=None, steal_s=0.0)
    sample = Sample(steps=3, latency_s=15.0, parts=parts, conditions=conditions, probe_s=0.1)
    whole = Session(variant="v", load_s=2.0, export_s=0.0, warmups=(sample,), samples=(sample, sample))
    record = SessionRecord.of(whole, "2026-11-01T00:00:00+00:00")
    assert record.load_s == 2.0
    assert len(record.rounds) == 2
    assert record.rounds[0] == Round(
        latency_s=15.0,
        cpu_s=20.0,
        involuntary_switches=3,
        probe_s=0.1,
        peak_rss_bytes=7,
        text_encoder_s=1,
        unet_step_s=3.0,
        vae_decode_s=5,
        safety_checker_s=0,
    )


def test_joules_are_two_columns_of_their_own() -> None:
    """A sum of both could not be compared with the packages' alone, which is all that some machines count."""
    both, packages = (Energy(package_j=600.0, dram_j=dram_j) for dram_j in (50.0, None))
    rounds = [Round.of(sample(2.0, energy=energy)) for energy in (both, packages, None)]
    assert [(each.package_j, each.dram_j) for each in rounds] == [(600.0, 50.0), (600.0, None), (None, None)]
    record = SessionRecord(recorded="2026-11-01T00:00:00+00:00", load_s=2.0, rounds=tuple(rounds))
    assert record.to_json()["rounds"]["dram_j"] == [50.0, None, None]
    assert SessionRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize("fields", [{"package_j": 0.0}, {"package_j": -1.0}, {"package_j": 1.0, "dram_j": -1.0}])
def test_joules_that_cannot_have_been_used(fields: dict[str, float]) -> None:
    with pytest.raises(BadRecord, match="cannot have been measured"):
        Energy(**fields)


def test_json_both_ways() -> None:
    assert SessionRecord.from_json(json.loads(json.dumps(GOOD))).to_json() == GOOD
    assert "vae_decode_s" not in GOOD["rounds"], "a column that nobody recorded"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("rounds", "latency_s"), [1.0, float("nan")], r"rounds\[1\].latency_s"),
        (("rounds", "latency_s"), [1.0, -2.0], r"rounds\[1\].latency_s"),
        (("rounds", "latency_s"), [0.0, 1.0], r"rounds\[0\].latency_s"),
        (("rounds", "latency_s"), [1.0, 10**400], r"rounds\[1\].latency_s"),
        (("rounds", "latency_s"), [1.0, True], r"rounds\[1\].latency_s"),
        (("rounds", "latency_s"), [1.0, None], r"rounds\[1\].latency_s"),
        (("rounds", "latency_s"), [1.0, "2"], r"rounds\[1\].latency_s"),
        (("rounds", "latency_s"), [], r"rounds.latency_s"),
        (("rounds", "cpu_s"), [1.0], r"rounds.cpu_s has 1 values, latency_s has 2"),
        (("rounds", "cheese"), [1.0, 2.0], r"rounds.cheese is not a field"),
        (("rounds",), [], r"rounds is list, not an object"),
        (("recorded",), "yesterday", r"recorded 'yesterday' is not a time"),
        (("recorded",), "2026-11-01T00:00:00", r"recorded .* with its zone"),
        (("load_s",), -1, r"load_s -1 cannot have been measured"),
        (("probe",), 7, r"probe 7 is not a name"),
        (("cheese",), 1, r"cheese is not a field"),
    ],
)
def test_faults_are_named(path: tuple[str, ...], value: object, field: str) -> None:
    data = copy.deepcopy(GOOD)
    inner = data
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(BadRecord, match=f"^{field}"):
        SessionRecord.from_json(data)


@pytest.mark.parametrize("name", ["recorded", "load_s", "probe", "rounds"])
def test_nothing_may_be_missing(name: str) -> None:
    with pytest.raises(BadRecord, match=f"^{name} is missing"):
        SessionRecord.from_json({key: value for key, value in GOOD.items() if key != name})


@given(st.sampled_from(["recorded", "load_s", *(f"rounds.{name}" for name in COLUMNS)]), json_values)
def test_any_value_is_refused_or_can_have_been_measured(path: str, value: Any) -> None:
    data = copy.deepcopy(GOOD)
    target, _, name = path.rpartition(".")
    (data[target] if target else data)[name] = value
    try:
        record = SessionRecord.from_json(data)
    except BadRecord:
        return
    for row in record.rounds:
        assert 0 < row.latency_s < math.inf
    assert SessionRecord.from_json(record.to_json()).to_json() == record.to_json()


@pytest.mark.parametrize(
    ("value", "kept"), [(None, None), (0, 0), (3, 3), (0.0123456789, 0.0123457), (1234.56789, 1234.57)]
)
def test_six_digits_are_kept(value: float | None, kept: float | None) -> None:
    assert rounded(value) == kept
