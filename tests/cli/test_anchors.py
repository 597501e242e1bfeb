"""``python -m perf anchors``: what is kept, who refers to it, and what is removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf import cli
from perf.gate import store
from perf.host import anchor_uses, anchors, lock
from perf.host.anchors import Recipe
from tests.builders.baselines import EAGER, KEY, STACK, STATIC, accept

RECIPE = Recipe.of(STACK.recipe)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    """A baseline of two rows that were accepted with one stack."""
    path = store.path_of(tmp_path / "baselines", KEY)
    store.update(path, accept)
    store.update(path, lambda old: accept(old, STATIC.name))
    return path


def make(recipe: Recipe = RECIPE, name: str = "") -> Path:
    path = anchors.folder() / f"{recipe.digest}{name}"
    path.mkdir(parents=True)
    (path / "large").write_bytes(b"x" * 2_000_000)
    return path


def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, *options: str, code: int = 0) -> str:
    assert cli.main(["anchors", "--baselines", str(tmp_path / "elsewhere"), *options]) == code
    printed = capsys.readouterr()
    return printed.out + printed.err


def test_without_any_it_says_when_one_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"none in {anchors.folder()}; a run makes one" in run(capsys, tmp_path)


def test_an_anchor_is_listed_with_its_size_and_its_rows(
    tmp_path: Path, baseline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make()
    anchor_uses.note_use(RECIPE, baseline, [EAGER.name])
    lines = run(capsys, tmp_path).splitlines()
    assert lines[0] == f"{RECIPE.digest}: Python 3.11.7, torch 2.13.0, openvino 2026.4.1"
    assert lines[1].startswith("  2.0 MB, last used 20")
    assert lines[2] == f"  {baseline}: {EAGER.name}, {STATIC.name}"
    assert lines[3] == f"1 in {anchors.folder()}, 2.0 MB"


def test_what_is_referred_to_is_kept(tmp_path: Path, baseline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make()
    anchor_uses.note_use(RECIPE, baseline, [EAGER.name])
    assert run(capsys, tmp_path, "--prune") == "0.0 MB freed\n"
    assert path.exists()


def test_a_baseline_at_hand_counts_although_it_was_not_noted(
    tmp_path: Path, baseline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make()
    anchor_uses.note_use(RECIPE, Path("/gone.json"), [EAGER.name])
    assert cli.main(["anchors", "--prune", "--baselines", str(baseline.parents[1])]) == 0
    assert path.exists()
    assert "removed" in run(capsys, tmp_path, "--prune")
    assert not path.exists()


@pytest.mark.parametrize("fate", ["removed", "another stack"])
def test_what_is_no_longer_referred_to_is_removed(
    fate: str, tmp_path: Path, baseline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make()
    anchor_uses.note_use(RECIPE, baseline, [EAGER.name])
    baseline.unlink()
    if fate == "another stack":
        newer = replace(STACK, packages={"torch": "2.14.0"})
        store.update(baseline, lambda old: accept(old, stack=newer))
    assert "  no baseline refers to it: python -m perf anchors --prune" in run(capsys, tmp_path)
    said = run(capsys, tmp_path, "--prune")
    assert said == f"removed {RECIPE.digest}: Python 3.11.7, torch 2.13.0, openvino 2026.4.1: 2.0 MB\n2.0 MB freed\n"
    assert not path.exists()


def test_a_baseline_in_the_middle_of_a_merge_counts(
    tmp_path: Path, baseline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make()
    anchor_uses.note_use(RECIPE, baseline, [EAGER.name])
    baseline.write_text("<<<<<<< HEAD\n")
    assert f"  {baseline}: not JSON" in run(capsys, tmp_path)
    run(capsys, tmp_path, "--prune")
    assert path.exists()


@pytest.mark.parametrize("text", ["cheese", None])
def test_an_anchor_of_which_nothing_is_known_is_kept(
    text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make()
    if text:
        anchor_uses.file_of(RECIPE.digest).write_text(text)
    said = run(capsys, tmp_path)
    reason = "cannot be read (Expecting value" if text else "it is not registered"
    assert reason in said
    assert "who refers to it is not known, so it is kept" in said
    run(capsys, tmp_path, "--prune")
    assert path.exists()


def test_what_a_killed_run_has_left_is_removed(
    tmp_path: Path, baseline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make(name=".killed.partial")
    anchor_uses.note_use(RECIPE, baseline, [EAGER.name])
    assert ", half made: by a run that was killed, or one at work" in run(capsys, tmp_path)
    assert "2.0 MB freed" in run(capsys, tmp_path, "--prune")
    assert not path.exists()


def test_nothing_is_removed_while_the_machine_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make()
    with lock.hold():
        said = run(capsys, tmp_path, "--prune", code=4)
    assert said.startswith("error: this machine is being measured by process ")
    assert path.exists()
