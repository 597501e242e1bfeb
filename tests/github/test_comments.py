"""The comment on a pull request: made once, edited from then on, and nothing in it commands anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perf import cli
from perf.github.comments import marker
from tests.builders.github import BOT, HERE, GitHub
from tests.builders.machines import GENOA

HEAD = "a" * 40
HOSTILE = "@everyone fixes #1 | <img src=x> `` [a](http://b)\n# big\x1b[2J\u202e"


def result(name: str, verdict: str, ratio: float | None = 1.0) -> dict[str, Any]:
    latency = ratio and {"ratio": ratio, "low": ratio - 0.01, "high": ratio + 0.01}
    return {"variant": name, "verdict": verdict, "says": f"{name} says", "latency": latency}


def compared(path: Path, *results: dict[str, Any], **fields: Any) -> Path:
    whole = {
        "schema": 1,
        "machine": GENOA.to_json(),
        "reference": {"name": "current"},
        "package_changes": ["openvino 2026.3.1 -> 2026.4.1"],
        "results": list(results),
    }
    path.write_text(json.dumps(whole | fields))
    return path


def tell(*paths: Path, head: str = HEAD) -> int:
    return cli.main(["github", "comment", *map(str, paths), "--pull-request", "7", "--head", head])


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    rows = result("eager-fp32", "equivalent"), result("openvino-static", "regressed", 1.05)
    return compared(tmp_path / "upgrade.json", *rows, result("bf16-autocast", "invalid", None))


def test_the_comment_has_a_row_for_each_row(github: GitHub, measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_RUN_ID", "5")
    assert tell(measured) == 0
    (comment,) = github.comments[7]
    for said in (
        f"{marker(HEAD)}\n",
        f"Commit {HEAD}: 1 regressed, 1 equivalent, 1 invalid.\n",
        "#### `current` on `genoa`\n",
        "AMD EPYC 9R14 (genoa), 2 cores, 24 GiB, bf16 by avx512_bf16\nopenvino 2026.3.1 -> 2026.4.1\n",
        "| row | verdict | change | interval |\n| --- | --- | ---: | ---: |\n",
        "| `openvino-static` | regressed | +5.0 % | +4.0 % to +6.0 % |\n",
        "| `bf16-autocast` | invalid | - | - |\n",
        "openvino-static: openvino-static says\n",
        "[The CI run](https://github.com/someone/sd-xeon-perf/actions/runs/5) has every pair.",
    ):
        assert said in comment["body"]
    assert "eager-fp32: eager-fp32 says" not in comment["body"], "nothing is to be said of a row that is the same"


def test_the_comment_is_edited_in_place(github: GitHub, measured: Path) -> None:
    github.add_comment(7, f"{marker(HEAD)}\nforged", "mallory")
    github.add_comment(7, f"> {marker(HEAD)}\nquoted", BOT)
    assert tell(measured) == 0
    assert tell(measured) == 0
    assert github.changes == [f"POST {HERE}/issues/7/comments"]
    assert tell(measured, head="b" * 40) == 0
    assert github.changes[1:] == [f"PATCH {HERE}/issues/comments/1002"]
    assert [each["body"].splitlines()[0] for each in github.comments[7]] == [
        marker(HEAD),
        f"> {marker(HEAD)}",
        marker("b" * 40),
    ]


def test_pins_that_could_not_be_measured_are_told_of_too(github: GitHub) -> None:
    assert tell() == 0
    assert "They could not be measured, or nobody approved that" in github.comments[7][0]["body"]


def test_foreign_text_stays_in_its_block(github: GitHub, tmp_path: Path) -> None:
    row = result(HOSTILE, "regressed") | {"says": HOSTILE}
    fields = {"reference": {"name": HOSTILE}, "package_changes": [HOSTILE] * 100}
    assert tell(compared(tmp_path / "upgrade.json", *[row] * 100, **fields)) == 0
    text = github.comments[7][0]["body"]
    assert "| `everyone fixes 1 img src=x a (http://b) big` | regressed |" in text
    assert "and 60 more rows, in the artifact" in text
    outside = "\n".join(part for number, part in enumerate(text.split("```")) if number % 2 == 0)
    assert not {"@", "\x1b", "\u202e", "[", "\\"} & set(outside)
    assert "<img" not in outside


def test_many_machines_fit_into_what_github_takes(github: GitHub, tmp_path: Path) -> None:
    rows = [result(f"row-{number}", "regressed") | {"says": "x" * 1000} for number in range(40)]
    paths = [compared(tmp_path / f"{number}.json", *rows) for number in range(12)]
    assert tell(*paths) == 0
    text = github.comments[7][0]["body"]
    assert 40_000 < len(text) < 65_536
    assert "more comparisons do not fit in here." in text


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"schema": 2}, "schema 2, where 1 is known"),
        ({"results": [result("a", "cheese")]}, "cheese"),
        ({"results": [result("a", "regressed") | {"latency": {"ratio": -1, "low": 1, "high": 1}}]}, "-1.0 is no ratio"),
        ({"results": 5}, "TypeError"),
        ({"machine": None}, "TypeError"),
    ],
)
def test_a_file_that_is_no_comparison_is_named(
    github: GitHub, tmp_path: Path, spoilt: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(compared(tmp_path / "upgrade.json", **spoilt)) == 4
    error = capsys.readouterr().err
    assert "upgrade.json is no comparison of two stacks" in error
    assert said in error
    assert error.count("\n") == 1
    assert github.asked == []


@pytest.mark.parametrize("head", ["abc", "A" * 40, "a" * 41, f"{HEAD}\n", "; rm -rf /"])
def test_only_a_whole_digest_names_a_commit(head: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tell(head=head)
    assert ended.value.code == 4
    assert "is not the whole digest of a commit" in capsys.readouterr().err
