"""What is remembered of anchors: broken files, several runs at once, a full disk, a killed removal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from perf.host import anchor_uses, anchors
from perf.host.anchor_uses import entries, note_use, read, remove
from perf.host.anchors import Recipe
from perf.host.stack import ROOT

MILD = Recipe("3.11.7", {"cheese": "1.0", "torch": "2.13.0"})
BASELINE = Path("/checkout/baselines/genoa/tiny.json")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path))
    return tmp_path / "anchors"


def make(recipe: Recipe = MILD, name: str = "") -> Path:
    """Make a folder that passes for an anchor."""
    path = anchors.folder() / f"{recipe.digest}{name}"
    path.mkdir(parents=True)
    (path / "large").write_bytes(b"x" * 10_000)
    return path


def test_uses_add_up() -> None:
    make()
    assert note_use(MILD, BASELINE, ["eager-fp32"]) is None
    assert note_use(MILD, BASELINE, ["openvino-static", "eager-fp32"]) is None
    assert note_use(MILD, Path("/other.json"), ["eager-bf16"]) is None
    (entry,) = entries()
    assert entry.recipe == MILD
    assert entry.rows == {str(BASELINE): ("eager-fp32", "openvino-static"), "/other.json": ("eager-bf16",)}
    assert entry.last_use is not None
    assert (entry.is_whole, entry.fault, entry.size_bytes >= 10_000) == (True, None, True)


def test_what_was_used_last_comes_first() -> None:
    strong = Recipe("3.11.7", {"cheese": "2.0"})
    for recipe in (MILD, strong):
        make(recipe)
        note_use(recipe, BASELINE, ["eager-fp32"])
        path = anchor_uses.file_of(recipe.digest)
        year = 2026 if recipe is MILD else 2025
        path.write_text(json.dumps(json.loads(path.read_text()) | {"last_use": f"{year}-11-01T00:00:00+00:00"}))
    assert [entry.recipe for entry in entries()] == [MILD, strong]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[]", "list indices"),
        ("null", "not subscriptable"),
        ("\ud800", "codec can't decode"),
        ("[" * 100_000, "nested more than"),
        ('{"schema": 2}', "schema 2, this version reads 1"),
        ('{"schema": 1}', "python_version"),
        (json.dumps({"schema": 1, "python_version": "3.11.7", "packages": {"cheese": "9"}}), "it is of another anchor"),
        (
            json.dumps({"schema": 1, "python_version": "3.11.7", "packages": MILD.packages, "last_use": 5}),
            "argument mus",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_written_anew(text: str, reason: str) -> None:
    make()
    path = anchor_uses.file_of(MILD.digest)
    path.write_bytes(text.encode(errors="surrogatepass"))
    (entry,) = entries()
    assert entry.recipe is None
    assert entry.fault is not None
    assert entry.fault.startswith(f"{path} cannot be read (")
    assert reason in entry.fault
    line = note_use(MILD, BASELINE, ["eager-fp32"])
    assert line == f"{entry.fault}; it is written anew, without the baselines that referred to it before"
    assert read(MILD.digest).rows == {str(BASELINE): ("eager-fp32",)}


def test_a_note_that_cannot_be_written_is_a_line(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("not a folder")
    assert "the use of the anchor is not noted" in str(note_use(MILD, BASELINE, ["eager-fp32"]))
    assert entries() == []


NOTER = """
import sys
from pathlib import Path
from perf.host.anchor_uses import note_use
from perf.host.anchors import Recipe
for number in range(20):
    assert note_use(Recipe("3.11.7", {"cheese": "1"}), Path("/x.json"), [f"{sys.argv[1]}-{number}"]) is None
"""


def test_notes_of_two_runs_at_once_are_all_kept() -> None:
    runs = [
        subprocess.Popen([sys.executable, "-c", NOTER, name], cwd=ROOT, stdout=subprocess.DEVNULL) for name in "abc"
    ]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert len(read(Recipe("3.11.7", {"cheese": "1"}).digest).rows["/x.json"]) == 60


def test_what_is_removed_leaves_nothing_but_its_lock(folder: Path) -> None:
    make()
    make(name=".killed.partial")
    note_use(MILD, BASELINE, ["eager-fp32"])
    freed = remove(MILD.digest)
    assert freed is not None
    assert freed >= 20_000
    assert sorted(path.suffix for path in folder.iterdir()) == [".lock", ".lock"]
    assert entries() == []


def test_what_a_run_is_making_is_not_removed() -> None:
    path = make(name=".killed.partial")
    with FileLock(path.with_name(f"{MILD.digest}.lock")):
        assert remove(MILD.digest) is None
    assert path.exists()


def test_other_folders_are_not_taken_for_anchors(folder: Path) -> None:
    (folder / "cheese").mkdir(parents=True)
    (folder / f"{MILD.digest}.json.lock").touch()
    assert entries() == []
