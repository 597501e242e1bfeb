"""Baseline files: found by their key, and that an update never loses anything."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from perf.errors import BadBaseline, BadRecord
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
from tests.builders.baselines import EAGER, KEY, MODEL, STACK, STATIC, WHEN, accept, store_two_rows
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store_two_rows(tmp_path)


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
        BaselineKey.of(GENOA, MODEL, Protocol(size=Size(128, 128), instances=(1, 1))),
    ],
    ids=["machine", "model", "protocol", "instances"],
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


def test_packages_that_changed_come_before_those_that_came_with_them() -> None:
    before = {"colorama": "0.4", "pip": "25.0", "torch": "2.13.0+cpu"}
    after = {"nvidia-cublas": "13.1", "pip": "25.1", "torch": "2.13.0"}
    assert package_changes(before, after) == [
        "torch 2.13.0+cpu -> 2.13.0",
        "colorama 0.4 -> none",
        "nvidia-cublas none -> 13.1",
    ]


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


def test_what_is_too_deep_to_be_read_again_is_not_written(path: Path) -> None:
    before = path.read_bytes()
    deep = json.loads("[" * 900 + "]" * 900)

    def spoil(old: Baseline | None) -> Baseline:
        assert old
        return dataclasses.replace(old, particulars={**old.particulars, "kernel": deep})

    with pytest.raises(BadBaseline, match="not written, what was there is as it was"):
        store.update(path, spoil)
    assert path.read_bytes() == before


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


SERVER = Protocol(size=Size(128, 128), batch=2, instances=(4, 4))


def test_throughput_has_keys_of_its_own_that_are_read_as_they_are_written() -> None:
    key = BaselineKey.of(GENOA, MODEL, SERVER)
    assert BaselineKey.from_json(json.loads(json.dumps(key.to_json()))) == key
    assert "-2x2-" in key.file_name
    assert "instances" not in KEY.protocol, "or baselines of earlier versions would be lost"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"batch": 0}, "setting.protocol.batch"),
        ({"instances": []}, "setting.protocol.instances"),
        ({"instances": "2"}, "setting.protocol.instances"),
        ({"instances": [2, 0]}, "setting.protocol.instances[1]"),
        ({"instances": None, "batch": None}, "setting.protocol.batch"),
    ],
)
def test_instances_that_cannot_be_are_named(change: dict[str, Any], field: str) -> None:
    data = BaselineKey.of(GENOA, MODEL, SERVER).to_json()
    data["protocol"] |= change
    with pytest.raises(BadRecord) as refused:
        BaselineKey.from_json(data)
    assert refused.value.field == field


def test_a_batch_without_instances_is_no_protocol() -> None:
    data = BaselineKey.of(GENOA, MODEL, SERVER).to_json()
    del data["protocol"]["instances"]
    with pytest.raises(BadRecord, match="has batch alone, of batch and instances"):
        BaselineKey.from_json(data)
