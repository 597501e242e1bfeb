"""Baselines that cannot have been measured: each is invalid, and names the file, the row and the field."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perf.gate import store
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.baseline import Baseline
from perf.gate.baseline_row import specification
from perf.measure.settings import BASELINES
from perf.stats.verdict import Verdict, VerdictKind
from tests.builders.baselines import EAGER, KEY, STACK, STATIC, accept
from tests.builders.evidence import PLAIN, evidence
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions

Edit = Callable[[dict[str, Any]], None]


def each_round(row: dict[str, Any], column: str, factor: float) -> None:
    for session in row["sessions"]:
        rounds = session["rounds"]
        rounds[column] = [factor * latency_s for latency_s in rounds["latency_s"]]


def probe(data: dict[str, Any], name: str, probe_s: float) -> None:
    for session in data["rows"][name]["sessions"]:
        session["probe"] = "numpy"
        session["rounds"]["probe_s"] = [probe_s] * len(session["rounds"]["latency_s"])


def probes(data: dict[str, Any], first_s: float, second_s: float) -> None:
    probe(data, EAGER.name, first_s)
    probe(data, STATIC.name, second_s)


def longer_session(data: dict[str, Any]) -> None:
    rounds = data["rows"][EAGER.name]["sessions"][0]["rounds"]
    rounds["latency_s"] = [10 * value for value in rounds["latency_s"]]


IMPOSSIBLE: dict[str, tuple[Edit, str]] = {
    "parts": (lambda data: each_round(data["rows"][EAGER.name], "vae_decode_s", 1.1), "latency_s"),
    "steps": (lambda data: each_round(data["rows"][EAGER.name], "unet_step_s", 0.5), "latency_s"),
    "cpus": (lambda data: each_round(data["rows"][EAGER.name], "cpu_s", 19.0), "cpu_s"),
    "pressure": (lambda data: each_round(data["rows"][EAGER.name], "cpu_pressure_s", 2.0), "cpu_pressure_s"),
    "session": (longer_session, "latency_s"),
    "probe": (lambda data: probes(data, 0.5, 0.05), "probe_s"),
}


def edited(folder: Path, edit: Edit, *, sealed: bool = False) -> Path:
    """Write a baseline of two rows, edited by hand; without its checksums, unless it is to keep them."""
    data = accept(accept(None), STATIC.name).to_json()
    edit(data)
    if not sealed:
        for part in (data, *data["rows"].values()):
            part.pop("checksum", None)
    path = store.path_of(folder, KEY)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(data))
    return path


def verdict(folder: Path, slowdown: float = 0.25) -> Verdict:
    judged = [MeasuredRow(variant, STACK, sessions(3, seed=9, slowdown=slowdown)) for variant in (EAGER, STATIC)]
    return Gate(folder, GENOA, KEY).judge(judged)[EAGER.name]


@pytest.mark.parametrize(("edit", "field"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_baseline_that_cannot_have_been_measured_is_invalid(tmp_path: Path, edit: Edit, field: str) -> None:
    path = edited(tmp_path, edit)
    judged = verdict(tmp_path)
    assert judged.kind is VerdictKind.INVALID
    assert str(path) in judged.sentence
    assert field in judged.sentence


def test_a_row_without_steps_cannot_be_of_a_sweep_of_steps(tmp_path: Path) -> None:
    edited(tmp_path, lambda data: data["setting"]["protocol"].update(steps="10,20"))
    (path,) = tmp_path.rglob("*.json")
    fault = store.load(path).faults[EAGER.name]
    assert str(fault) == f"rows.{EAGER.name}.variant.steps is missing, in a sweep of 10,20 steps"


def test_an_edit_by_hand_is_noticed_though_its_number_could_be(tmp_path: Path) -> None:
    edited(tmp_path, lambda data: each_round(data["rows"][EAGER.name], "latency_s", 1.25), sealed=True)
    judged = verdict(tmp_path)
    assert judged.kind is VerdictKind.INVALID
    assert f"rows.{EAGER.name}.checksum is of other content" in judged.sentence


def test_an_edit_of_the_setting_is_noticed(tmp_path: Path) -> None:
    edited(tmp_path, lambda data: data["particulars"].update(kernel="6.2"), sealed=True)
    assert "checksum is of other content" in verdict(tmp_path).sentence


def test_a_file_without_checksums_is_read_as_before(tmp_path: Path) -> None:
    edited(tmp_path, lambda _: None)
    assert verdict(tmp_path).kind is VerdictKind.REGRESSED
    assert verdict(tmp_path, slowdown=0.0).kind is VerdictKind.UNCHANGED


def test_rows_in_another_unit_are_no_improvement(tmp_path: Path) -> None:
    def in_milliseconds(data: dict[str, Any]) -> None:
        for row in data["rows"].values():
            for session in row["sessions"]:
                session["rounds"] = {"latency_s": [1000 * latency_s for latency_s in session["rounds"]["latency_s"]]}

    path = edited(tmp_path, in_milliseconds)
    judged = verdict(tmp_path)
    assert judged.kind is VerdictKind.INVALID
    assert "times faster than" in judged.sentence
    assert str(path) in judged.sentence


def test_a_row_is_held_against_the_steps_that_it_makes() -> None:
    """Twenty of such UNet steps would take longer than its image; it makes four, whatever the file's protocol says."""
    data = accept(None, "lcm-4").to_json()
    each_round(data["rows"]["lcm-4"], "unet_step_s", 0.2)
    for part in (data, data["rows"]["lcm-4"]):
        del part["checksum"]
    assert Baseline.from_json(data).faults == {}
    data["rows"]["lcm-4"]["variant"]["steps"] = None
    assert "latency_s" in str(Baseline.from_json(data).faults["lcm-4"])


def test_a_row_recorded_before_an_option_existed_is_the_row_without_it() -> None:
    data = accept(None).to_json()
    del data["rows"][EAGER.name]["variant"]["size"], data["rows"][EAGER.name]["checksum"]
    assert Baseline.from_json(data).rows[EAGER.name].variant == specification(EAGER)


def test_the_committed_baselines_have_checksums() -> None:
    for path in store.files(BASELINES):
        data = json.loads(path.read_text())
        assert "checksum" in data
        assert all("checksum" in row for row in data["rows"].values())
        assert not store.load(path).faults


def test_a_socket_of_the_mask_with_more_cores_than_the_first_is_believed(tmp_path: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        row = data["rows"][EAGER.name]
        row["evidence"] = evidence(surroundings=replace(PLAIN, cpus={"0,32-47": 3})).to_json()
        each_round(row, "cpu_s", 15.0)

    edited(tmp_path, edit)
    assert "cpu_s" not in verdict(tmp_path).sentence
