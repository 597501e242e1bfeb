"""``python -m perf evaluate``: what it prints and writes, and what it refuses before it prints anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perf import cli
from perf.exit_codes import ExitCode
from perf.lab import series
from perf.lab.evaluate import OURS, SLOWDOWNS_PERCENT
from perf.lab.rules import PEERS
from perf.lab.trials import ORDERS
from tests.builders.runs import DATA
from tests.builders.sessions import sessions

NOISE = DATA / "noise"
BURSTS = NOISE / "openvino-static-256-bursts.jsonl"
BF16 = NOISE / "bf16-autocast-256.jsonl"
FIELDS = {
    "series",
    "order",
    "rule",
    "slowdown_percent",
    "regressed_share",
    "undecided_share",
    "unchanged_share",
    "improved_share",
    "disturbed_share",
    "rounds_mean",
    "sessions_mean",
    "seconds_mean",
    "baseline_sessions",
    "trials",
    "judged",
    "rows",
    "slowed_rows",
}
RULES = 1 + len(PEERS)


def scores_of(path: Path) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = json.loads(path.read_text())
    return written


def test_every_order_is_printed_written_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--trials", "3", "--json", str(tmp_path / "new" / "scores.json"), "--plot", str(tmp_path / "curves.svg")]
    alone = ["--jobs", "1", "--ladder-trials", "0"]
    assert cli.main(["evaluate", str(BF16), str(BURSTS), *alone, *asked]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    for name in (BF16.stem, BURSTS.stem):
        for order in ORDERS:
            assert f"\n{name}, {order}: 4 sessions of baseline, 3 draws\n" in printed
    for rule in PEERS:
        assert printed.count(f"\n{rule} ") == 2 * len(ORDERS)
    written = scores_of(tmp_path / "new" / "scores.json")
    assert all(score.keys() == FIELDS for score in written)
    assert len(written) == 2 * len(ORDERS) * RULES * len(SLOWDOWNS_PERCENT)
    assert {score["order"] for score in written} == set(ORDERS)
    for score in written:
        assert sum(share for name, share in score.items() if name.endswith("_share")) == pytest.approx(1)
    assert (tmp_path / "curves.svg").read_text().count("</svg>") == 1


def test_several_series_are_evaluated_as_a_ladder_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "scores.json"
    asked = ["--order", "recorded", "--trials", "1", "--ladder-trials", "2", "--json", str(written)]
    asked += ["--plot", str(tmp_path / "curves.svg")]
    assert cli.main(["evaluate", str(BF16), str(BURSTS), *asked]) == ExitCode.OK
    printed = capsys.readouterr().out
    for slower in ("one row slower", "all rows slower"):
        assert f"\nladder of 2 rows, recorded, {slower}: 2 draws\n" in printed
    assert max(map(len, printed.splitlines())) <= 100
    of_ladder = [score for score in scores_of(written) if score["series"] == "ladder of 2 rows"]
    assert all(score.keys() == FIELDS for score in of_ladder)
    groups = {(score["slowed_rows"], score["judged"]) for score in of_ladder}
    assert groups == {(1, "slower rows"), (1, "other rows"), (1, "machine"), (2, "slower rows"), (2, "machine")}
    assert len(of_ladder) == len(groups) * len(SLOWDOWNS_PERCENT)
    assert {(score["rows"], score["trials"], score["rule"]) for score in of_ladder} == {(2, 2, OURS)}
    assert (tmp_path / "curves.svg").read_text().count("<!-- ladder of 2 rows -->") == 1, "a panel, of one slower row"


@pytest.mark.parametrize("count", ["-1", "x", "1.5"])
def test_draws_of_a_ladder_are_counted(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=str(int(ExitCode.BAD_INPUT))):
        cli.main(["evaluate", str(BF16), "--ladder-trials", count])
    assert f"{count!r} is not a whole number, 0 or above" in capsys.readouterr().err


def test_an_order_may_be_chosen_and_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--order", "next-night", "--order", "recorded", "--order", "recorded", "--baseline-sessions", "3"]
    written = tmp_path / "scores.json"
    assert cli.main(["evaluate", str(BF16), "--trials", "2", "--json", str(written), *asked]) == ExitCode.OK
    ours = [score for score in scores_of(written) if score["rule"] == OURS]
    assert list(dict.fromkeys(score["order"] for score in ours)) == ["next-night", "recorded"]
    assert len(ours) == 2 * len(SLOWDOWNS_PERCENT)
    assert {(score["baseline_sessions"], score["trials"]) for score in ours} == {(3, 2)}
    assert "next-night: 3 sessions of baseline, 2 draws" in capsys.readouterr().out


def test_processes_say_what_this_process_alone_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for jobs in ("1", "2"):
        asked = [
            "--jobs",
            jobs,
            "--order",
            "shuffled",
            "--trials",
            "2",
            "--ladder-trials",
            "1",
            "--json",
            str(tmp_path / jobs),
        ]
        assert cli.main(["evaluate", str(BF16), str(BURSTS), *asked]) == ExitCode.OK
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert scores_of(tmp_path / "1") == scores_of(tmp_path / "2")


def test_one_bad_file_of_several_is_one_line_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "bad.jsonl").write_text("cheese\n")
    series.write(tmp_path / "short.jsonl", sessions(1, seed=1))
    messages = {
        "empty": "empty.jsonl: holds no session",
        "bad": "bad.jsonl, line 1: not JSON",
        "short": "short: holds 1 session: a baseline and a new session are needed",
        "absent": "absent.jsonl: cannot be read",
    }
    for name, message in messages.items():
        asked = ["--json", str(tmp_path / "scores.json")]
        bad = str(tmp_path / f"{name}.jsonl")
        assert cli.main(["evaluate", str(BF16), bad, *asked]) == ExitCode.BAD_INPUT
        printed = capsys.readouterr()
        assert message in printed.err
        assert len(printed.err.splitlines()) == 1
        assert not printed.out
        assert not (tmp_path / "scores.json").exists()


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--json", "", "is a directory"),
        ("--json", "file/scores.json", "is not a directory"),
        ("--plot", "curves.txt", "the name must end in .png or .svg"),
        ("--plot", "file/curves.svg", "is not a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_known_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str, message: str
) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["evaluate", str(BF16), option, str(tmp_path / name)]) == ExitCode.BAD_INPUT
    printed = capsys.readouterr()
    assert printed.err.startswith(f"error: {option} {tmp_path}")
    assert message in printed.err
    assert len(printed.err.splitlines()) == 1
    assert not printed.out
