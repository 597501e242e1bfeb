"""The shell of the workflows' steps, run as GitHub runs it, against a GitHub of one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from perf.host.stack import ROOT
from tests.builders.evidence import evidence
from tests.builders.github import GitHub
from tests.builders.recorded_runs import recorded_row, write_run
from tests.builders.whole_ladders import ladder_record, write_ladder
from tests.builders.workflows import script

HEAD = "a" * 40
LOCK = "perf/stacks/current.txt"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a folder with the Pythons that jobs have made, where their steps run."""
    for environment in ("github", "report"):
        python = tmp_path / ".tox" / environment / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} "$@"\n')
        python.chmod(0o755)
    for name in ("output", "summary"):
        (tmp_path / name).touch()
    return tmp_path


def run(workspace: Path, shell: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step as `shell: bash` does."""
    outputs = {"GITHUB_OUTPUT": str(workspace / "output"), "GITHUB_STEP_SUMMARY": str(workspace / "summary")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", shell],
        env=os.environ | outputs | environment,
        cwd=workspace, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def outputs(workspace: Path) -> dict[str, object]:
    pairs = (line.partition("=") for line in (workspace / "output").read_text().splitlines())
    return {name: json.loads(value) for name, _, value in pairs}


def test_a_pull_request_is_found_and_told(github: GitHub, workspace: Path) -> None:
    find = script("upgrade-check.yml", "find", "Find the pull requests, and read their pins")
    github.add_pull(7, HEAD, LOCK)
    github.contents = {(LOCK, github.merge_base): b"openvino==2026.3.1\n", (LOCK, HEAD): b"openvino==2026.4.1\n"}
    ended = run(workspace, find, PULL_REQUEST="")
    assert ended.returncode == 0, ended.stderr
    check = {"number": 7, "head": HEAD, "stack": "current", "pins": "7-current.txt"}
    assert outputs(workspace) == {"checks": [check], "pulls": [{"number": 7, "head": HEAD}]}
    assert "openvino==2026.4.1" in (workspace / "summary").read_text()

    tell = script("upgrade-check.yml", "comment", "Make the comment, or edit it")
    ended = run(workspace, tell, PULL_REQUEST="7", HEAD=HEAD)
    assert ended.returncode == 0, ended.stderr
    assert "They could not be measured" in github.comments[7][0]["body"]

    ended = run(workspace, find, PULL_REQUEST="")
    assert ended.returncode == 0, ended.stderr
    assert outputs(workspace) == {"checks": [], "pulls": []}, "it is not measured a second time"


def test_a_pull_request_that_does_not_exist_fails_the_step(github: GitHub, workspace: Path) -> None:
    find = script("upgrade-check.yml", "find", "Find the pull requests, and read their pins")
    assert run(workspace, find, PULL_REQUEST="9").returncode == 4


def test_the_issues_of_a_night_are_brought_up_to_date(github: GitHub, workspace: Path) -> None:
    update = script("nightly.yml", "issues", "Bring the issues up to date")
    ended = run(workspace, update)
    assert (ended.returncode, ended.stdout) == (1, "::error::no machine has measured anything\n")
    folder = workspace / "nights" / "results-sapphire-rapids-1" / "Linux-CPython-3.11-64bit"
    folder.mkdir(parents=True)
    write_run(folder / "0001_ladder.json", recorded_row("eager-fp32", [1.0, 1.1], evidence()))
    ended = run(workspace, update)
    assert ended.returncode == 0, ended.stderr
    assert github.asked[-1].startswith("GET "), "nobody has judged the row"


def test_the_nights_of_all_machines_are_kept_and_drawn(workspace: Path) -> None:
    keep = script("nightly.yml", "report", "Keep these nights with them")
    draw = script("nightly.yml", "report", "Draw the page")
    ended = run(workspace, keep)
    assert (ended.returncode, ended.stdout) == (1, "::error::no machine has measured anything\n")
    folder = workspace / "nights" / "results-sapphire-rapids-1"
    (folder / "Linux-CPython-3.11-64bit").mkdir(parents=True)
    (folder / "ladder.md").write_text("| the ladder |\n")
    for day in (1, 2):
        record = ladder_record(when=f"2026-11-0{day}T02:00:00+00:00", seed=day)
        write_ladder(folder / "Linux-CPython-3.11-64bit" / "0001_ladder.json", record)
        own = {"XDG_STATE_HOME": str(workspace / "state"), "ADDRESS": "https://perf.example/"}
        steps = [run(workspace, shell, **own, GITHUB_RUN_ATTEMPT="1") for shell in (keep, draw)]
        assert [each.returncode for each in steps] == [0, 0], steps
    page = (workspace / "site" / "index.html").read_text()
    assert "2 nights" in page
    assert "https://perf.example/" in (workspace / "site" / "feed.xml").read_text()
    assert (workspace / "output").read_text().splitlines() == ["site=site-1"] * 2
    assert "| the ladder |" in (workspace / "summary").read_text()
