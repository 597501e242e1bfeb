"""Baseline files: what is refused and by which name, and that an update never loses anything."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perf.errors import BadBaseline
from perf.gate import store
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey
from perf.host.replaced_file import lock_of
from perf.host.stack import ROOT, package_changes
from perf.measure.settings import BASELINES, SESSIONS_KEPT
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from perf.stats.verdict import VerdictKind
from tests.builders.baselines import EAGER, KEY, MODEL, STACK, STATIC, WHEN, accept
from tests.builders.json_places import places
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A baseline of two rows."""
    target = store.path_of(tmp_path, KEY)
    store.update(target, accept)
    store.update(target, lambda old: accept(old, STATIC.name))
    return target


def verdicts(folder: Path) -> dict[str, VerdictKind]:
    gate = Gate(folder, GENOA, KEY)
    judged = [MeasuredRow(variant, STACK, sessions(3, seed=9)) for variant in (EAGER, STATIC)]
    return {name: verdict.kind for name, verdict in gate.judge(judged).items()}


def test_what_is_written_is_read_again(path: Path, tmp_path: Path) -> None:
    stored = store.find(tmp_path, KEY)
    assert stored.path == path
    assert stored.baseline is not None
    assert sorted(stored.baseline.rows) == [EAGER.name, STATIC.name]
    assert stored.baseline.rows[EAGER.name].stack["packages"] == STACK.packages
    assert [(change["why"], change["rows"]) for change in stored.baseline.changes] == [
        ("first", [EAGER.name, STATIC.name])
    ]
    assert verdicts(tmp_path) == {EAGER.name: VerdictKind.UNCHANGED, STATIC.name: VerdictKind.UNCHANGED}


def test_the_file_is_for_people_and_diffs(path: Path) -> None:
    text = path.read_text()
    assert path.parent.name == "genoa"
    assert path.name.startswith("tiny-128x128-20steps-")
    assert text == store.serialise(json.loads(text)), "sorted, and written the same again"
    assert max(map(len, text.splitlines())) < 200
    assert '"latency_s": [' in text
    assert str(ROOT) not in text
    assert "/stack" not in text, "no path of the machine"


def test_published_figures_are_those_of_the_catalogue_and_never_compared_with() -> None:
    published = {}
    for path in sorted(BASELINES.glob(f"*/{store.PUBLISHED}")):
        data = json.loads(path.read_text())
        assert data["kind"] == "published"
        assert path not in store.files(BASELINES)
        published[data["machine"]] = data["seconds_per_image"]
    assert published == {
        cpu: {variant.name: variant.published_s[cpu] for variant in ladder.LADDER if cpu in variant.published_s}
        for cpu in (ladder.ICE_LAKE, ladder.SAPPHIRE_RAPIDS)
    }


def test_a_renamed_file_is_found(path: Path, tmp_path: Path) -> None:
    path.rename(path.with_name("mine.json"))
    assert store.find(tmp_path, KEY).path.name == "mine.json"


@pytest.mark.parametrize(
    "key",
    [
        BaselineKey.of(dataclasses.replace(GENOA, governor="powersave"), MODEL, Protocol(size=Size(128, 128))),
        BaselineKey.of(GENOA, dataclasses.replace(MODEL, digest="e" * 64), Protocol(size=Size(128, 128))),
        BaselineKey.of(GENOA, MODEL, Protocol(size=Size(128, 128), steps=21)),
    ],
    ids=["machine", "model", "protocol"],
)
def test_another_key_is_never_compared_with(path: Path, tmp_path: Path, key: BaselineKey) -> None:
    assert path.exists()
    gate = Gate(tmp_path, GENOA, key)
    (verdict,) = gate.judge([MeasuredRow(EAGER, STACK, sessions(1, seed=9))]).values()
    assert verdict.kind is VerdictKind.NO_BASELINE
    assert "nearest is" in verdict.sentence
    assert not verdict.fails


def test_why_not_names_the_first_differences(path: Path, tmp_path: Path) -> None:
    here = BaselineKey.of(dataclasses.replace(GENOA, cores=(0,), turbo=True), MODEL, Protocol(size=Size(128, 128)))
    ((file, differences),) = store.why_not(tmp_path, lambda key: key.differences(here))
    assert file == path
    assert differences == ["machine cores_used: 2, here 1", "machine turbo: False, here True"]


def test_a_row_of_another_specification_is_not_compared_with(path: Path, tmp_path: Path) -> None:
    changed = dataclasses.replace(EAGER, channels_last=True)
    (verdict,) = Gate(tmp_path, GENOA, KEY).judge([MeasuredRow(changed, STACK, sessions(1, seed=9))]).values()
    assert verdict.kind is VerdictKind.NO_BASELINE
    assert "channels_last: False, here True" in verdict.sentence
    assert str(path) in verdict.sentence


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


def test_packages_that_changed_come_before_those_that_came_with_them() -> None:
    before = {"colorama": "0.4", "pip": "25.0", "torch": "2.13.0+cpu"}
    after = {"nvidia-cublas": "13.1", "pip": "25.1", "torch": "2.13.0"}
    assert package_changes(before, after) == [
        "torch 2.13.0+cpu -> 2.13.0",
        "colorama 0.4 -> none",
        "nvidia-cublas none -> 13.1",
    ]


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


def test_the_last_sessions_are_kept() -> None:
    baseline: Baseline | None = None
    for seed in range(9):
        baseline = accept(baseline, seed=seed)
    assert baseline is not None
    kept = baseline.rows[EAGER.name].sessions
    assert len(kept) == SESSIONS_KEPT
    assert kept[-3:] == tuple(sessions(3, seed=8))


@pytest.mark.parametrize(
    "changes",
    [{"afresh": True}, {"stack": dataclasses.replace(STACK, packages={"torch": "2.14.0"})}],
    ids=["moved", "other packages"],
)
def test_what_is_not_of_one_kind_takes_the_place(changes: dict[str, Any]) -> None:
    baseline = accept(accept(None), seed=2, **changes)
    assert baseline.rows[EAGER.name].sessions == tuple(sessions(3, seed=2))


def test_reasons_are_kept() -> None:
    baseline = accept(accept(None), seed=2, why="torch 2.14", when="2026-11-02T00:00:00+00:00")
    assert [(change["when"], change["why"]) for change in baseline.changes] == [
        (WHEN, "first"),
        ("2026-11-02T00:00:00+00:00", "torch 2.14"),
    ]


UPDATE = """
import os, signal, sys
from pathlib import Path
from perf.gate import store
from tests.builders.baselines import accept
DEED
store.update(Path(sys.argv[1]), lambda old: accept(old, seed=int(sys.argv[2]), count=1))
"""


FULL = """
import resource
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""


def update(path: Path, seed: int, deed: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", UPDATE.replace("DEED", deed), str(path), str(seed)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_updates_at_once_lose_nothing(tmp_path: Path) -> None:
    target = store.path_of(tmp_path, KEY)
    at_work = [update(target, seed) for seed in range(4)]
    for process in at_work:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert len(store.load(target).rows[EAGER.name].sessions) == 4


def test_a_kill_before_the_renaming_leaves_the_old_file(path: Path) -> None:
    before = path.read_bytes()
    process = update(path, 5, "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    store.update(path, lambda old: accept(old, seed=6))


def test_a_disk_without_room_leaves_the_old_file(path: Path) -> None:
    before = path.read_bytes()
    process = update(path, 5, FULL)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "not written, what was there is as it was" in said
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if not file.name.endswith(".lock")] == [path.name]


def test_what_a_killed_update_has_left_goes_with_the_next(path: Path) -> None:
    process = update(path, 5, "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)")
    process.communicate(timeout=60)
    assert len([*path.parent.glob(f".{path.name}.*")]) == 2, "the lock and what is half written"
    store.update(path, lambda old: accept(old, seed=6))
    assert [*path.parent.glob(f".{path.name}.*")] == [lock_of(path)]


def test_nothing_is_written_that_would_not_be_read(path: Path) -> None:
    """A negative pressure was written, and the row that it replaced was lost: the file was refused from then on."""
    before = path.read_bytes()

    def spoil(old: Baseline | None) -> Baseline:
        changed = accept(old, seed=7)
        row = changed.rows[EAGER.name]
        timed = dataclasses.replace(row.sessions[-1].rounds[0], cpu_pressure_s=-1.0)
        session = dataclasses.replace(row.sessions[-1], rounds=(timed,))
        spoilt = dataclasses.replace(row, sessions=(*row.sessions[:-1], session))
        return dataclasses.replace(changed, rows={**changed.rows, EAGER.name: spoilt})

    with pytest.raises(BadBaseline, match=r"not written.*cpu_pressure_s -1\.0 cannot have been measured"):
        store.update(path, spoil)
    assert path.read_bytes() == before


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


def test_what_is_too_deep_to_be_read_again_is_not_written(path: Path) -> None:
    before = path.read_bytes()
    deep = json.loads("[" * 900 + "]" * 900)

    def spoil(old: Baseline | None) -> Baseline:
        assert old
        return dataclasses.replace(old, particulars={**old.particulars, "kernel": deep})

    with pytest.raises(BadBaseline, match="not written, what was there is as it was"):
        store.update(path, spoil)
    assert path.read_bytes() == before


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


@pytest.mark.parametrize(
    ("memory_gib", "is_the_same"), [(24, True), (23, True), (26, True), (20, False), (32, False), (48, False)]
)
def test_what_a_kernel_keeps_for_itself_makes_no_other_machine(
    tmp_path: Path, path: Path, memory_gib: int, is_the_same: bool
) -> None:
    """Another default of crashkernel makes 126 GiB 122, and rounding is enough near a half."""
    here = dataclasses.replace(GENOA, memory_bytes=memory_gib * 1024**3)
    stored = store.find(tmp_path, BaselineKey.of(here, MODEL, Protocol(size=Size(128, 128))))
    assert (stored.path == path) is is_the_same
    assert (stored.baseline is not None) is is_the_same


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
