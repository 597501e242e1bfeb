"""The suite's code of an earlier commit, from real repositories; and which commit a tree's code is of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.host.anchor_code import code_of
from perf.host.stack import ROOT
from perf.host.worker_code import wire_version
from tests.builders.repositories import commit, git, repository

WIRE = "perf/worker/wire.py"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A repository of two commits: the worker's wire changes in the second."""
    root = repository(tmp_path / "suite", {WIRE: "VERSION = 1", "perf/__init__.py": "", "tests/cheese.py": ""})
    commit(root, {WIRE: "VERSION = 2"})
    return root


def test_the_code_is_as_it_was(suite: Path) -> None:
    first = git(suite, "rev-parse", "HEAD~")
    code = code_of(first, suite)
    assert (code / WIRE).read_text() == "VERSION = 1\n"
    assert not (code / "tests").exists(), "what no worker runs"
    assert (wire_version(code), wire_version(suite)) == (1, 2)
    assert code_of(first, suite) == code


def test_it_can_be_in_a_folder_of_a_larger_repository(tmp_path: Path) -> None:
    root = repository(tmp_path / "all", {f"bench/{WIRE}": "VERSION = 1", "perf/other.py": ""})
    code = code_of(git(root, "rev-parse", "HEAD"), root / "bench")
    assert [path.relative_to(code).as_posix() for path in code.rglob("*.py")] == [WIRE]


def test_links_are_not_taken_out_of_the_history(suite: Path) -> None:
    (suite / "perf" / "evil.py").symlink_to("/etc/passwd")
    (suite / "perf" / "out").symlink_to("/tmp")
    code = code_of(commit(suite, {"perf/more.py": ""}), suite)
    assert sorted(path.name for path in (code / "perf").iterdir()) == ["__init__.py", "more.py", "worker"]


def test_a_killed_extraction_is_made_again(suite: Path, cache: Path) -> None:
    first = git(suite, "rev-parse", "HEAD~")
    half = cache / "code" / f"{first}.killed.partial" / WIRE
    half.parent.mkdir(parents=True)
    half.write_text("VERSION = 3\n")
    assert (code_of(first, suite) / WIRE).read_text() == "VERSION = 1\n"


def test_a_shallow_clone_says_how_to_get_the_rest(suite: Path, tmp_path: Path) -> None:
    first = git(suite, "rev-parse", "HEAD~")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{suite}", "shallow")
    with pytest.raises(BadInput, match=rf"^commit {first[:12]} is not in this shallow clone: git fetch --unshallow$"):
        code_of(first, tmp_path / "shallow")
    git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
    assert (code_of(first, tmp_path / "shallow") / WIRE).exists()


def test_code_that_nobody_has_merged_is_not_run(suite: Path) -> None:
    git(suite, "checkout", "--quiet", "-b", "evil")
    unmerged = commit(suite, {WIRE: "VERSION = 2  # and more"})
    git(suite, "checkout", "--quiet", "main")
    for unknown in (unmerged, "0" * 40):
        with pytest.raises(BadInput, match=rf"^commit {unknown[:12]} is not in the history of what is checked out"):
            code_of(unknown, suite)


def test_a_folder_that_is_no_repository_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"not a git repository.*; the code of 000000000000 is taken from a clone"
    ) as error:
        code_of("0" * 40, tmp_path)
    assert "\n" not in str(error.value)


def test_without_git_there_is_a_remedy(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadInput, match=r"^git is not installed here: apt-get install git"):
        code_of("0" * 40, suite)


def test_a_hook_of_another_repository_does_not_mislead(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git(suite, "rev-parse", "HEAD~")
    other = repository(tmp_path / "other", {"cheese": ""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert (code_of(first, suite) / WIRE).exists()


@pytest.mark.parametrize(
    ("text", "version"),
    [("VERSION = 12\n", 12), ("import os\n\nVERSION = 1\n", 1), ("# VERSION = 1\n", None), ("VERSION = x()\n", None)],
)
def test_the_version_of_a_wire_is_read_and_not_imported(tmp_path: Path, text: str, version: int | None) -> None:
    assert wire_version(tmp_path) is None
    path = tmp_path / WIRE
    path.parent.mkdir(parents=True)
    path.write_text(f"{text}raise RuntimeError('imported')\n")
    assert wire_version(tmp_path) == version


def commit_as_seen_by(root: Path, **environment: str) -> str:
    code = "from perf.host.worker_code import worker_commit; print(worker_commit())"
    surroundings = os.environ | {"PYTHONPATH": str(root)} | environment
    return subprocess.run(
        [sys.executable, "-c", code], env=surroundings, cwd="/", check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_commit_is_named_where_the_workers_code_is_exactly_its(tmp_path: Path) -> None:
    files = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "perf").rglob("*.py")}
    root = repository(tmp_path / "suite", {**files, ".gitignore": "*.pyc\nsecret.py"})
    head = git(root, "rev-parse", "HEAD")
    assert commit_as_seen_by(root) == head
    (root / "perf" / "cli" / "cheese.py").write_text("not what a worker runs\n")
    assert commit_as_seen_by(root) == head

    for name in ("cheese.py", "secret.py"):
        extra = root / "perf" / "worker" / name
        extra.write_text("# untracked, or even ignored\n")
        assert commit_as_seen_by(root) == "None"
        extra.unlink()
    wire = root / WIRE
    kept = wire.read_text()
    wire.write_text(kept + "# changed\n")
    assert commit_as_seen_by(root) == "None"
    git(root, "add", "--all")
    assert commit_as_seen_by(root) == "None", "staged, not committed"
    wire.write_text(kept)
    assert commit_as_seen_by(root) == head
    (root / "perf" / "spec" / "tokenizer.py").unlink()
    assert commit_as_seen_by(root) == "None"


def test_without_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    files = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "perf").rglob("*.py")}
    root = repository(tmp_path / "suite", files)
    assert commit_as_seen_by(root, PATH="/nowhere") == "None"
    (root / ".git").rename(tmp_path / "gone")
    assert commit_as_seen_by(root) == "None"
