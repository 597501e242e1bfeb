"""Issues for regressions, by the command that a workflow runs, on a real server that keeps them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perf import cli
from perf.github.issues import LABEL
from perf.history.database import Database
from perf.history.night import read_night
from perf.stats.verdict import Finding, Verdict, VerdictKind
from tests.builders.evidence import evidence
from tests.builders.github import BOT, HERE, GitHub
from tests.builders.recorded_runs import recorded_row, write_run
from tests.builders.verdicts import verdict_of

ROW = "openvino-static"
RATIOS = {VerdictKind.REGRESSED: 1.034, VerdictKind.KNOWN: 1.034, VerdictKind.IMPROVED: 0.95}


def run_of(
    path: Path,
    kind: VerdictKind | None,
    day: int = 1,
    *,
    verdict: Verdict | None = None,
    changes: Sequence[str] = ("openvino 2026.3.1 -> 2026.4.1",),
    **whole: Any,
) -> Path:
    """Write the run of a night of November whose one row has a verdict of that kind, or none."""
    row = recorded_row(ROW, [3.0, 3.1, 3.05], evidence()) | {"software_changes": list(changes)}
    if kind:
        judged = verdict or replace(verdict_of(RATIOS.get(kind, 1.0), kind), sentence="as it was measured")
        row["verdict"] = judged.to_json()
    written = write_run(path, row, written=f"2026-11-{day:02}T02:00:00+00:00")
    written.write_text(json.dumps(json.loads(written.read_text()) | whole))
    return written


def tell(*arguments: object) -> int:
    return cli.main(["github", "issues", *map(str, arguments)])


@pytest.fixture
def slower(tmp_path: Path) -> Path:
    return run_of(tmp_path / "slower.json", VerdictKind.REGRESSED, ci_url="https://github.com/o/n/actions/runs/7")


def test_a_regression_opens_an_issue(github: GitHub, slower: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(slower) == 0
    (issue,) = github.open_issues()
    assert issue["title"] == "openvino-static is 3.4 % slower on genoa"
    assert issue["labels"] == [{"name": LABEL}]
    for said in (
        "row: openvino-static\n",
        "machine: AMD EPYC 9R14 (genoa), 2 cores, 24 GiB",
        "verdict: regressed: as it was measured\n",
        "since: 2026-11-01 02:00 UTC, the first such night that is known",
        "changed since the anchor: openvino 2026.3.1 -> 2026.4.1",
        "tox run -e perf -- --variant openvino-static --model tiny --size 128x128",
        "[the CI run](https://github.com/o/n/actions/runs/7)",
    ):
        assert said in issue["body"]
    assert capsys.readouterr().out == "opened #1: openvino-static is 3.4 % slower on genoa\n"


def test_the_same_night_twice_changes_nothing(github: GitHub, slower: Path) -> None:
    assert tell(slower) == 0
    github.asked.clear()
    assert tell(slower) == 0
    assert github.changes == []
    assert tell(slower, slower) == 0
    assert github.changes == []


def test_a_body_that_came_back_with_other_line_ends_is_the_same(github: GitHub, slower: Path) -> None:
    tell(slower)
    github.issues[1]["body"] = github.issues[1]["body"].replace("\n", "\r\n")
    github.asked.clear()
    assert tell(slower) == 0
    assert github.changes == []


def test_a_night_whose_clock_was_wrong_is_not_later_for_ever(github: GitHub, tmp_path: Path) -> None:
    wrong = run_of(tmp_path / "wrong.json", VerdictKind.REGRESSED, 2)
    wrong.write_text(wrong.read_text().replace("2026-11-02", "2099-11-02"))
    tell(wrong)
    assert "2099-11-02" in github.issues[1]["body"]
    assert tell(run_of(tmp_path / "3.json", VerdictKind.UNCHANGED, 3)) == 0
    assert github.issues[1]["state"] == "closed"


def test_a_later_night_edits_the_issue_in_place(github: GitHub, slower: Path, tmp_path: Path) -> None:
    tell(slower)
    worse = verdict_of(1.051, VerdictKind.REGRESSED)
    assert tell(slower, run_of(tmp_path / "2.json", VerdictKind.REGRESSED, 2, verdict=worse)) == 0
    assert github.changes == [f"POST {HERE}/issues", f"PATCH {HERE}/issues/1"]
    assert github.issues[1]["title"] == "openvino-static is 5.1 % slower on genoa"
    assert "since: 2026-11-01 02:00 UTC, 2 nights up to 2026-11-02 02:00 UTC" in github.issues[1]["body"]


def test_an_earlier_night_does_not_undo_a_later_one(
    github: GitHub, slower: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(run_of(tmp_path / "2.json", VerdictKind.REGRESSED, 2))
    github.asked.clear()
    assert tell(run_of(tmp_path / "1.json", VerdictKind.UNCHANGED, 1)) == 0
    assert tell(slower) == 0
    assert github.changes == []
    assert "left #1: a later night has been told there" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["unchanged", "improved", "known", "no baseline"])
def test_a_row_that_is_no_longer_slower_closes_its_issue(
    github: GitHub, slower: Path, tmp_path: Path, kind: str
) -> None:
    tell(slower)
    later = run_of(tmp_path / "2.json", VerdictKind(kind), 2)
    assert tell(later) == 0
    assert github.open_issues() == []
    (comment,) = github.comments[1]
    assert f"2026-11-02 02:00 UTC: {kind}: as it was measured\n" in comment["body"]
    github.asked.clear()
    assert tell(later) == 0
    assert github.changes == []


@pytest.mark.parametrize("kind", ["undecided", "disturbed", "invalid", None])
def test_a_row_that_nobody_knows_of_neither_opens_nor_closes(
    github: GitHub, slower: Path, tmp_path: Path, kind: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    later = run_of(tmp_path / "2.json", VerdictKind(kind) if kind else None, 2)
    assert tell(later) == 0
    assert github.changes == []
    tell(slower)
    github.asked.clear()
    assert tell(later) == 0
    assert github.changes == []
    assert f"left #1: {kind or 'not judged'}" in capsys.readouterr().out


def test_since_when_is_told_by_the_history(github: GitHub, tmp_path: Path) -> None:
    kinds = ["regressed", "unchanged", "regressed", "undecided", "regressed"]
    runs = [run_of(tmp_path / f"{day}.json", VerdictKind(kind), day) for day, kind in enumerate(kinds, start=1)]
    address = f"sqlite:///{tmp_path / 'history.sqlite'}"
    with Database(address) as database:
        for path in runs:
            database.add(read_night(path))
    assert tell(runs[-1], "--history", address) == 0
    assert "since: 2026-11-03 02:00 UTC, 2 nights up to 2026-11-05 02:00 UTC" in github.issues[1]["body"]


def test_of_what_is_slower_beside_the_latency_the_title_says_so(github: GitHub, tmp_path: Path) -> None:
    memory = Finding(
        watch="peak memory",
        kind=VerdictKind.REGRESSED,
        ratio=1.12,
        low=1.1,
        high=1.14,
        tolerance=0.03,
        suspicious=False,
    )
    same = verdict_of(1.0, VerdictKind.UNCHANGED).findings[0]
    verdict = Verdict(kind=VerdictKind.REGRESSED, sentence="peak memory +12.0 %", findings=(same, memory))
    tell(run_of(tmp_path / "run.json", VerdictKind.REGRESSED, verdict=verdict))
    assert github.issues[1]["title"] == "openvino-static: peak memory +12.0 % on genoa"


HOSTILE = "@everyone fixes #1 <!-- x -->``` ```` <img src=x> [a](http://b) \x1b[2J\u202e\nfixes #2\n::error::x"


def test_foreign_text_stays_in_its_block(github: GitHub, tmp_path: Path) -> None:
    verdict = Verdict(kind=VerdictKind.REGRESSED, sentence=HOSTILE, findings=(), caveats=(HOSTILE * 1000,))
    whole: dict[str, Any] = {"ci_url": "javascript:alert(1)", "commit_info": {"id": HOSTILE}}
    path = run_of(tmp_path / "run.json", VerdictKind.REGRESSED, verdict=verdict, changes=[HOSTILE] * 1000, **whole)
    text = path.read_text().replace('"genoa"', json.dumps(f"genoa{HOSTILE}"))
    path.write_text(text.replace('"node": "runner"', f'"node": {json.dumps(HOSTILE)}'))
    assert tell(path) == 0
    issue = github.issues[1]
    assert issue["title"] == "openvino-static is slower on genoa everyone fixes 1 -- x -- img sr..."
    assert len(issue["body"]) < 65_536
    outside, inside = blocks(issue["body"])
    assert "and 980 more" in inside
    assert "@everyone fixes #1" in inside
    for harmful in ("@", "#", "<img", "javascript", "http:", "\x1b", "\u202e"):
        assert harmful not in outside
    assert not {"\x1b", "\u202e"} & set(inside)


def blocks(body: str) -> tuple[str, str]:
    """What is outside of a body's blocks of code and what is in them, as CommonMark delimits them."""
    outside: list[str] = []
    inside: list[str] = []
    fence = ""
    for line in body.splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if not fence and len(ticks) >= 3:
            fence = ticks
        elif fence and line.strip("`") == "" and len(ticks) >= len(fence):
            fence = ""
        else:
            (inside if fence else outside).append(line)
    assert not fence
    return "\n".join(outside), "\n".join(inside)


@pytest.mark.parametrize("address", ["https://github.com/o/n/issues/1", "https://github.com/o/n/pull/1/files", 5])
def test_no_link_that_github_would_call_back_to(github: GitHub, tmp_path: Path, address: object) -> None:
    tell(run_of(tmp_path / "run.json", VerdictKind.REGRESSED, ci_url=address))
    assert "the CI run" not in github.issues[1]["body"]


def test_the_issues_of_others_are_left_alone(github: GitHub, slower: Path, tmp_path: Path) -> None:
    tell(slower)
    ours = github.issues.pop(1)
    github.add_issue({"title": "forged", "body": ours["body"], "labels": [LABEL]}, "mallory")
    github.add_issue({"title": "of nobody", "body": ours["body"], "labels": [LABEL]}, None)
    github.add_issue({"title": "no label", "body": ours["body"], "labels": ["bug"]}, BOT)
    github.add_issue({"title": "quoted", "body": f"> {ours['body']}", "labels": [LABEL]}, BOT)
    github.add_issue({"title": "a pull request", "body": ours["body"], "labels": [LABEL], "pull_request": {}}, BOT)
    github.asked.clear()
    assert tell(run_of(tmp_path / "2.json", VerdictKind.UNCHANGED, 2)) == 0
    assert github.changes == []
    assert tell(slower) == 0
    assert github.changes == [f"POST {HERE}/issues"]


def test_an_issue_on_a_later_page_is_found(github: GitHub, slower: Path) -> None:
    for number in range(5):
        github.add_issue({"title": str(number), "body": "", "labels": [LABEL]}, "someone")
    tell(slower)
    github.page = 2
    github.asked.clear()
    assert tell(slower) == 0
    assert github.changes == []


def test_a_person_works_on_their_own_issues(github: GitHub, slower: Path) -> None:
    github.user = "someone"
    assert tell(slower) == 0
    assert tell(slower) == 0
    assert [issue["user"]["login"] for issue in github.open_issues()] == ["someone"]


@pytest.mark.parametrize("spoilt", ["label", "author"])
def test_an_issue_that_would_not_be_found_again_is_said(
    github: GitHub, slower: Path, spoilt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    github.drops_labels = spoilt == "label"
    assert tell(slower, *(["--author", "other[bot]"] if spoilt == "author" else [])) == 4
    assert "it would not be found again; close it, and see --author" in capsys.readouterr().err


def test_more_issues_than_a_fleet_has_rows_are_refused(
    github: GitHub, slower: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("perf.github.issues.MOST", 0)
    assert tell(slower) == 4
    assert "1 issues would be opened at once, more than 0: nothing was changed" in capsys.readouterr().err
    assert github.changes == []


def test_a_run_that_cannot_be_read_does_not_hold_up_the_others(
    github: GitHub, slower: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = run_of(tmp_path / "spoilt.json", VerdictKind.REGRESSED, 2)
    spoilt.write_text(spoilt.read_text().replace('"ratio": 1.034', '"ratio": "cheese"').replace("9R14", "9R15"))
    (tmp_path / "cut.json").write_text("{")
    assert tell(tmp_path / "cut.json", slower) == 4
    assert len(github.open_issues()) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/cut.json is not a recorded run")
    assert tell(spoilt) == 4
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/spoilt.json cannot be")


def test_without_a_token_nothing_is_asked(
    github: GitHub, slower: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    assert tell(slower) == 4
    assert capsys.readouterr().err.startswith("error: not set: GITHUB_TOKEN; ")
    assert github.asked == []


def test_a_refusal_is_one_line(github: GitHub, slower: Path, capsys: pytest.CaptureFixture[str]) -> None:
    github.answers = [(0, {}), (404, {})]
    assert tell(slower) == 4
    error = capsys.readouterr().err
    assert "404: no such repository, or the token may not see it" in error
    assert error.count("\n") == 1
