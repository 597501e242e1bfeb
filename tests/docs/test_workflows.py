"""What the workflows may do: nobody's code reaches a runner by them, and what measures cannot write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perf.host.stack import ROOT
from tests.builders.workflows import WORKFLOWS, jobs, scripts, triggers, workflows

MAY_WRITE = {
    ("nightly.yml", "publish"): {"pages", "id-token"},
    ("nightly.yml", "issues"): {"issues"},
    ("upgrade-check.yml", "comment"): {"pull-requests"},
}
JOBS = [(path, name) for path in workflows() for name in jobs(path)]
EVERY_JOB = pytest.mark.parametrize(("path", "name"), JOBS, ids=[f"{path.name}: {name}" for path, name in JOBS])


def test_the_jobs_are_read() -> None:
    assert {name for _, name in JOBS} >= {"tests", "checks", "perf", "report", "upgrade", "find", "measure"}
    for path in workflows():
        text = path.read_text()
        assert len(scripts(text)) == len(re.findall(r"^ +(?:- )?run:", text, re.MULTILINE)) > 0


@pytest.mark.parametrize("path", workflows(), ids=lambda path: path.name)
def test_pull_requests_start_hosted_tests_alone(path: Path) -> None:
    started_by = triggers(path)
    assert not started_by & {"pull_request_target", "workflow_run", "issue_comment"}
    assert ("pull_request" in started_by) == (path.name == "ci.yml")
    if path.name == "ci.yml":
        assert "self-hosted" not in path.read_text()


@EVERY_JOB
def test_a_job_may_write_what_it_is_for(path: Path, name: str) -> None:
    granted = set(re.findall(r"^ +([\w-]+): write\b", jobs(path)[name], re.MULTILINE))
    assert granted == MAY_WRITE.get((path.name, name), set())
    assert re.search(r"^permissions:\n  contents: read\n\n", path.read_text(), re.MULTILINE)


@EVERY_JOB
def test_what_measures_has_no_token(path: Path, name: str) -> None:
    text = jobs(path)[name]
    if "self-hosted" in text:
        assert not re.search(r"github\.token|GITHUB_TOKEN|secrets\.", text)
        assert "persist-credentials: false" in text


@EVERY_JOB
def test_nothing_foreign_is_put_into_a_script(path: Path, name: str) -> None:
    for shell in scripts(jobs(path)[name]):
        assert "${{" not in shell


@pytest.mark.parametrize("path", workflows(), ids=lambda path: path.name)
def test_actions_are_pinned_by_their_commits(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_a_pull_requests_code_is_not_checked_out() -> None:
    text = (WORKFLOWS / "upgrade-check.yml").read_text()
    assert not re.search(r"^ +(ref|repository): ", text, re.MULTILINE)
    assert 'PIP_ONLY_BINARY: ":all:"' in jobs(WORKFLOWS / "upgrade-check.yml")["measure"]


def test_the_linters_know_every_workflow() -> None:
    known = re.findall(r"\.github/workflows/([\w-]+\.yml)", (ROOT / "tox.ini").read_text())
    assert sorted(known) == [path.name for path in workflows()]
