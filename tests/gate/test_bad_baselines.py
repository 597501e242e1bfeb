"""Baseline files that are refused, and by which name: damaged, changed by hand, and what is no file at all."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perf.errors import BadBaseline
from perf.gate import store
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.stats.verdict import VerdictKind
from tests.builders.baselines import EAGER, KEY, STACK, STATIC, accept, store_two_rows
from tests.builders.json_places import places
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store_two_rows(tmp_path)


def verdicts(folder: Path) -> dict[str, VerdictKind]:
    gate = Gate(folder, GENOA, KEY)
    judged = [MeasuredRow(variant, STACK, sessions(3, seed=9)) for variant in (EAGER, STATIC)]
    return {name: verdict.kind for name, verdict in gate.judge(judged).items()}


Damage = Callable[[Path], object]


def rewritten(change: Callable[[dict[str, Any]], object]) -> Damage:
    def damage(path: Path) -> None:
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))

    return damage


def twice(text: str, key: str, value: str) -> str:
    return text.replace(f'"{key}": ', f'"{key}": {value}, "{key}": ', 1)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda path: path.write_text(path.read_text()[:-900]), "not JSON"),
        (lambda path: path.write_text(""), "not JSON"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "not JSON"),
        (lambda path: path.write_text("[" * 10_000_000), "nested more than 40 deep"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read: not a regular file"),
        (lambda path: (path.unlink(), path.symlink_to(path)), "cannot be read"),
        (lambda path: os.truncate(path, store.MAX_BYTES + 1), "over 64 MiB"),
        (rewritten(lambda data: data.update(schema=2)), "schema is 2, this version reads 1"),
        (rewritten(lambda data: data.pop("setting")), "setting is missing"),
        (rewritten(lambda data: data.update(cheese=1)), "cheese is not a field"),
        (rewritten(lambda data: data["setting"]["protocol"].pop("steps")), "setting.protocol.steps is missing"),
        (rewritten(lambda data: data.update(rows=[])), "rows is list, not dict"),
        (lambda path: path.write_text(twice(path.read_text(), "schema", "1")), "schema occurs twice"),
        (lambda path: path.write_text("[]"), "the entry is list"),
    ],
)
def test_a_bad_head_makes_every_row_invalid(path: Path, tmp_path: Path, damage: Damage, named: str) -> None:
    damage(path)
    before = path.read_bytes() if path.is_file() else None
    gate = Gate(tmp_path, GENOA, KEY)
    judged = gate.judge(MeasuredRow(variant, STACK, sessions(1, seed=9)) for variant in (EAGER, STATIC))
    for verdict in judged.values():
        assert verdict.kind is VerdictKind.INVALID
        assert verdict.fails
        assert named in verdict.sentence
        assert str(path) in verdict.sentence
    with pytest.raises(BadBaseline, match=r"genoa/tiny"):
        store.update(path, accept)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda row: row["sessions"][1]["rounds"]["cpu_s"].append(3.0), "sessions[1].rounds.cpu_s"),
        (lambda row: row["sessions"][0]["rounds"].update(latency_s=[1e30] * 5), "sessions[0].rounds[0].latency_s"),
        (lambda row: row["sessions"][0]["rounds"]["latency_s"].__setitem__(2, -1), "sessions[0].rounds[2].latency_s"),
        (lambda row: row["sessions"][0]["rounds"]["latency_s"].__setitem__(2, 0), "sessions[0].rounds[2].latency_s"),
        (lambda row: row["sessions"].clear(), "sessions is not a list of sessions"),
        (lambda row: row.pop("stack"), "stack is missing"),
        (lambda row: row["stack"].pop("packages"), "stack.packages is missing"),
        (lambda row: row.update(cheese=1), "cheese is not a field"),
        (lambda row: row["sessions"][0].update(load_s=5e-324), "sessions[0].load_s"),
    ],
)
def test_a_bad_row_is_invalid_and_the_others_go_on(
    path: Path, tmp_path: Path, damage: Callable[[dict[str, Any]], object], named: str
) -> None:
    rewritten(lambda data: damage(data["rows"][EAGER.name]))(path)
    gate = Gate(tmp_path, GENOA, KEY)
    verdict_of = gate.judge(MeasuredRow(variant, STACK, sessions(3, seed=9)) for variant in (EAGER, STATIC))
    assert verdict_of[EAGER.name].kind is VerdictKind.INVALID
    assert f"rows.{EAGER.name}.{named}" in verdict_of[EAGER.name].sentence
    assert verdict_of[STATIC.name].kind is VerdictKind.UNCHANGED


def test_a_row_that_is_there_twice_is_invalid(path: Path, tmp_path: Path) -> None:
    path.write_text(twice(path.read_text(), EAGER.name, "{}"))
    assert verdicts(tmp_path) == {EAGER.name: VerdictKind.INVALID, STATIC.name: VerdictKind.UNCHANGED}


def test_a_file_with_a_bad_row_is_not_written_over(path: Path) -> None:
    rewritten(lambda data: data["rows"][EAGER.name].pop("stack"))(path)
    before = path.read_bytes()
    with pytest.raises(BadBaseline, match=r"not written.*rows\.eager-fp32.*fix or remove"):
        store.update(path, lambda old: accept(old, STATIC.name))
    assert path.read_bytes() == before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)

WRITTEN = json.loads(store.serialise(accept(accept(None), STATIC.name).to_json()))
PLACES = places(WRITTEN)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), json_values)
def test_whatever_is_in_a_file_a_slowdown_is_never_called_unchanged(
    tmp_path: Path, place: tuple[Any, ...], value: Any
) -> None:
    data = copy.deepcopy(WRITTEN)
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    is_measured = "latency_s" in place and isinstance(value, int | float) and not isinstance(value, bool)
    inner[place[-1]] = value
    target = store.path_of(tmp_path, KEY)
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(data))
    judged = [MeasuredRow(variant, STACK, sessions(3, seed=9, slowdown=0.3)) for variant in (EAGER, STATIC)]
    for verdict in Gate(tmp_path, GENOA, KEY).judge(judged).values():
        assert verdict.kind is not VerdictKind.UNCHANGED or is_measured
        assert verdict.kind is not VerdictKind.IMPROVED or is_measured


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_what_would_hang_a_reader_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    target = store.path_of(tmp_path, KEY)
    target.parent.mkdir(parents=True)
    make(target)
    with pytest.raises(BadBaseline, match="cannot be read: not a regular file"):
        store.find(tmp_path, KEY)


def test_the_kernels_log_is_not_waited_for(tmp_path: Path) -> None:
    """It says that it is a regular file, and a reader waits for the kernel's next message."""
    target = store.path_of(tmp_path, KEY)
    target.parent.mkdir(parents=True)
    target.symlink_to("/proc/kmsg")
    with pytest.raises(BadBaseline):
        store.find(tmp_path, KEY)


def test_a_folder_that_cannot_be_read_is_no_missing_baseline(tmp_path: Path) -> None:
    (tmp_path / "baselines").touch()
    with pytest.raises(BadBaseline, match="the folder cannot be read: Not a directory"):
        store.find(tmp_path / "baselines", KEY)
    gate = Gate(tmp_path / "baselines", GENOA, KEY)
    (verdict,) = gate.judge([MeasuredRow(EAGER, STACK, sessions(3, seed=9))]).values()
    assert verdict.kind is VerdictKind.INVALID


def test_the_hidden_files_of_another_system_are_no_baselines(path: Path, tmp_path: Path) -> None:
    path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7Mac OS X")
    assert store.files(tmp_path) == [path]
    assert store.find(tmp_path, KEY).baseline


def test_an_infinite_number_anywhere_is_no_json(path: Path, tmp_path: Path) -> None:
    path.write_text(path.read_text().replace('"kernel": "6.1"', '"kernel": Infinity'))
    with pytest.raises(BadBaseline, match="not JSON: Infinity is not a number"):
        store.find(tmp_path, KEY)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rows": None}, "changes[0].rows"),
        ({"rows": [1]}, "changes[0].rows"),
        ({"why": None}, "changes[0].why"),
        ({"when": "yesterday"}, "changes[0].when"),
    ],
)
def test_a_change_is_when_why_and_which_rows(path: Path, change: dict[str, Any], field: str) -> None:
    data = json.loads(path.read_text())
    data["changes"][0] |= change
    path.write_text(json.dumps(data))
    with pytest.raises(BadBaseline, match=re.escape(field)):
        store.load(path)
