"""The pull requests that change pins: which are listed, and what of their lock files is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perf import cli
from perf.errors import BadInput
from perf.github import comments
from perf.github.pins import read_pins
from perf.host.requirements import parse_requirements
from perf.host.stack import ROOT
from perf.spec import ladder
from tests.builders.github import BOT, REPOSITORY, GitHub

LOCK = "perf/stacks/current.txt"
HEAD, OTHER = "a" * 40, "c" * 40
HASH = f"--hash=sha256:{'1' * 64}"
BEFORE = b"# made by uv\ntorch==2.13.0\n    # via -r perf/stacks/current.in\nopenvino==2026.3.1\n"
AFTER = b"torch==2.13.0\nopenvino==2026.4.1 ; sys_platform == 'linux' \\\n    " + HASH.encode() + b"\nnew==1.0\n"


@pytest.fixture
def pulls(github: GitHub) -> GitHub:
    """Return a GitHub with one pull request that changes a lock file."""
    github.add_pull(7, HEAD, LOCK, "README.md")
    github.contents = {(LOCK, github.merge_base): BEFORE, (LOCK, HEAD): AFTER}
    return github


def find(folder: Path, *arguments: object) -> int:
    return cli.main(["github", "pull-requests", "--output", str(folder), *map(str, arguments)])


def listed(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((folder / "checks.json").read_text())
    return found


def test_what_a_pull_request_changes_is_written_as_pins(pulls: GitHub, tmp_path: Path) -> None:
    assert find(tmp_path) == 0
    assert listed(tmp_path) == [{"number": 7, "head": HEAD, "stack": "current", "pins": "7-current.txt"}]
    assert (tmp_path / "7-current.txt").read_text() == (
        f'openvino==2026.4.1; sys_platform == "linux" {HASH}\nnew==1.0\n'
    )
    assert json.loads((tmp_path / "pulls.json").read_text()) == [{"number": 7, "head": HEAD}]
    assert "### Pull request 7, stack current\n\n```text\nopenvino==2026.4.1; " in (tmp_path / "pins.md").read_text()
    assert pulls.changes == []


def test_the_suite_takes_what_is_written(pulls: GitHub, tmp_path: Path) -> None:
    find(tmp_path)
    requested = parse_requirements([str(tmp_path / "7-current.txt")])
    assert requested.requirements == ['openvino==2026.4.1; sys_platform == "linux"', "new==1.0"]
    assert requested.hashes == {"openvino": frozenset([f"sha256:{'1' * 64}"])}


def test_one_that_was_told_of_is_left_until_it_changes(pulls: GitHub, tmp_path: Path) -> None:
    pulls.add_comment(7, f"{comments.marker(HEAD)}\nforged", "mallory")
    pulls.add_comment(7, f"{comments.marker(OTHER)}\nan earlier commit", BOT)
    assert find(tmp_path / "1") == 0
    assert len(listed(tmp_path / "1")) == 1
    pulls.comments[7][1]["body"] = f"{comments.marker(HEAD)}\nthis one"
    assert find(tmp_path / "2") == 0
    assert listed(tmp_path / "2") == []
    assert find(tmp_path / "3", "--number", 7) == 0
    assert len(listed(tmp_path / "3")) == 1, "whoever names it wants it measured again"


@pytest.mark.parametrize("owner", ["mallory/sd-xeon-perf", ""], ids=["of a fork", "of a deleted fork"])
def test_a_fork_is_measured_on_a_persons_word_alone(pulls: GitHub, tmp_path: Path, owner: str) -> None:
    pulls.add_pull(7, HEAD, LOCK, owner=owner)
    assert find(tmp_path / "1") == 0
    assert listed(tmp_path / "1") == []
    assert find(tmp_path / "2", "--number", 7) == 0
    assert len(listed(tmp_path / "2")) == 1


def test_one_for_another_branch_is_left_out(pulls: GitHub, tmp_path: Path) -> None:
    pulls.add_pull(7, HEAD, LOCK, base="release-1")
    assert find(tmp_path) == 0
    assert listed(tmp_path) == []


@pytest.mark.parametrize("files", [(), ("README.md",), ("perf/stacks/suite.txt", "perf/stacks/current.in")])
def test_one_without_a_stacks_pins_is_left_out(
    pulls: GitHub, tmp_path: Path, files: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    pulls.add_pull(7, HEAD, *files)
    assert find(tmp_path) == 0
    assert listed(tmp_path) == []
    assert find(tmp_path, "--number", 7) == 4
    assert "pull request 7 changes no pin of perf/stacks/current.txt, perf/stacks/ipex.txt" in capsys.readouterr().err


def test_the_pull_requests_of_all_pages_are_listed(pulls: GitHub, tmp_path: Path) -> None:
    for number in range(8, 12):
        pulls.add_pull(number, HEAD, *["README.md"] * 3, LOCK)
    pulls.page = 2
    assert find(tmp_path) == 0
    assert [each["number"] for each in listed(tmp_path)] == [7, 8, 9, 10, 11]


def test_a_file_that_holds_more_than_pins_is_a_line_and_the_others_are_listed(
    pulls: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pulls.add_pull(8, OTHER, LOCK)
    pulls.contents[LOCK, OTHER] = b"--index-url https://evil.example\n"
    assert find(tmp_path / "1") == 0
    assert [each["number"] for each in listed(tmp_path / "1")] == [7]
    said = f"left out: pull request 8: {LOCK} at {OTHER[:12]}: '--index-url https://evil.example' is no pin"
    assert said in capsys.readouterr().err
    assert find(tmp_path / "2", "--number", 8) == 4


@pytest.mark.parametrize(
    "line",
    [
        "evil @ https://evil.example/evil.whl",
        "evil @ file:///etc/passwd",
        "./evil.whl",
        "-r /etc/passwd",
        "-e .",
        "--extra-index-url https://evil.example",
        "git+https://evil.example/evil",
        "evil",
        "evil>=1.0",
        "evil==1.*",
        "evil==1.0,==1.1",
        "evil===1.0",
        "evil==1.0 --config-settings=x",
        "evil==1.0 --hash=md5:1",
        "::error::x",
    ],
)
def test_what_is_no_pin_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match=r"here: .* is no pin such as openvino"):
        read_pins(f"torch==2.13.0\n{line}\n".encode(), "here")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "is not UTF-8"),
        (b"#" * (1 << 20) + b"\n", "over 1 MiB"),
        (b"a==1\n" * 1001, "more than 1000 pins"),
    ],
)
def test_no_lock_file_is_like_that(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=f"here: {said}"):
        read_pins(content, "here")


@pytest.mark.parametrize("stack", ladder.stacks())
def test_the_stacks_own_lock_files_are_pins(stack: str) -> None:
    content = (ROOT / "perf" / "stacks" / f"{stack}.txt").read_bytes()
    pins = read_pins(content, stack)
    assert len(pins) == len([line for line in content.decode().splitlines() if line[:1].isalnum()])


def test_no_such_pull_request(pulls: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(tmp_path, "--number", 9) == 4
    assert f"/repos/{REPOSITORY}/pulls/9: 404" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
