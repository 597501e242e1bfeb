"""The comment on a pull request: made once, edited from then on, and nothing in it commands anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perf import cli
from perf.compare.compared_row import ComparedRow
from perf.github.comments import marker
from perf.spec.ladder import select
from perf.stats.paired_comparison import PairedVerdict
from tests.builders.github import BOT, HERE, GitHub
from tests.builders.recorded_upgrades import comparison, upgrade_record, write_upgrade

HEAD = "a" * 40
HOSTILE = "@everyone fixes #1 | <img src=x> `` [a](http://b)\n# big\x1b[2J\u202e"


def result(name: str, verdict: PairedVerdict, ratio: float | None = 1.0) -> dict[str, Any]:
    (variant,) = select(["eager-fp32"])
    latency = comparison(ratio, verdict, side=0.01) if ratio else None
    row = ComparedRow(variant=variant, verdict=verdict, sentence=f"{name} says", latency=latency)
    return row.summary() | {"variant": name}


def compared(path: Path, *results: dict[str, Any], **fields: Any) -> Path:
    record = upgrade_record()
    changed = {"package_changes": ["openvino 2026.3.1 -> 2026.4.1"], "results": list(results)}
    record["upgrade"] |= changed | fields
    return write_upgrade(path, record)


def tell(*paths: Path, head: str = HEAD) -> int:
    return cli.main(["github", "comment", *map(str, paths), "--pull-request", "7", "--head", head])


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    rows = result("eager-fp32", PairedVerdict.EQUIVALENT), result("openvino-static", PairedVerdict.REGRESSED, 1.05)
    return compared(tmp_path / "run.json", *rows, result("bf16-autocast", PairedVerdict.INVALID, None))


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
    row = result(HOSTILE, PairedVerdict.REGRESSED) | {"says": HOSTILE}
    recipe = upgrade_record()["upgrade"]["reference"] | {"name": HOSTILE}
    fields = {"reference": recipe, "package_changes": [HOSTILE] * 100}
    assert tell(compared(tmp_path / "run.json", *[row] * 100, **fields)) == 0
    text = github.comments[7][0]["body"]
    assert "| `everyone fixes 1 img src=x a (http://b) big` | regressed |" in text
    assert "and 60 more rows, in the artifact" in text
    outside = "\n".join(part for number, part in enumerate(text.split("```")) if number % 2 == 0)
    assert not {"@", "\x1b", "\u202e", "[", "\\"} & set(outside)
    assert "<img" not in outside


def test_many_machines_fit_into_what_github_takes(github: GitHub, tmp_path: Path) -> None:
    rows = [result(f"row-{number}", PairedVerdict.REGRESSED) | {"says": "x" * 1000} for number in range(40)]
    paths = [compared(tmp_path / f"{number}.json", *rows) for number in range(12)]
    assert tell(*paths) == 0
    text = github.comments[7][0]["body"]
    assert 40_000 < len(text) < 65_536
    assert "more comparisons do not fit in here." in text


@pytest.mark.parametrize(
    "results", [5, [result("a", PairedVerdict.REGRESSED) | {"verdict": "cheese"}]], ids=["a number", "another verdict"]
)
def test_a_file_that_is_no_upgrade_check_is_named(
    github: GitHub, tmp_path: Path, results: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    record = upgrade_record()
    record["upgrade"]["results"] = results
    assert tell(write_upgrade(tmp_path / "run.json", record)) == 4
    error = capsys.readouterr().err
    assert "run.json is no upgrade check of this suite" in error
    assert error.count("\n") == 1
    assert github.asked == []


@pytest.mark.parametrize("head", ["abc", "A" * 40, "a" * 41, f"{HEAD}\n", "; rm -rf /"])
def test_only_a_whole_digest_names_a_commit(head: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tell(head=head)
    assert ended.value.code == 4
    assert "is not the whole digest of a commit" in capsys.readouterr().err
