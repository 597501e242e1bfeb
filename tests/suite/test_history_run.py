"""Runs that are kept in the history when they end, and what becomes of them where it cannot be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.history.database import Database
from perf.history.outbox import Outbox
from tests.builders.runs import RunLadder

Options = tuple[str, ...]
QUICK = ("--rounds", "3", "--budget", "0")


@pytest.fixture
def options(silly_options: Options, tmp_path: Path) -> Options:
    storage = f"--benchmark-storage={tmp_path / 'results'}"
    return (*silly_options, *QUICK, "--benchmark-save=ladder", storage, "--baselines", str(tmp_path / "baselines"))


def state(folder: Path) -> Path:
    return folder / "state" / "sd-xeon-perf"


def test_each_run_is_a_night_and_knows_its_anchor(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    in_ci = {"CI_JOB_URL": "https://ci.example/jobs/7"}
    assert run_ladder(*options, **in_ci).returncode == 0
    with Database(f"sqlite:///{state(tmp_path)}/history.sqlite") as database:
        first, second = database.nights()
        points = database.points()
    assert (first["ci_url"], second["ci_url"]) == (None, "https://ci.example/jobs/7")
    assert first["setting"] == second["setting"]
    assert [point.kind for point in points] == ["no baseline", "unchanged"]
    assert points[1].to_anchor
    assert (points[1].to_anchor.anchor, points[1].to_anchor.ratio) == (points[1].stack, 1.0)
    assert Outbox(state(tmp_path) / "outbox").waiting() == []


def test_other_software_has_its_ratio_to_the_anchor_from_pairs(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    slower = {"SILLY_VERSION": "0.1+silly", "SILLY_SLOWDOWN": "1.1", "SILLY_ONLY_VERSION": "0.1+silly"}
    assert run_ladder(*options, **slower).returncode == 1
    with Database(f"sqlite:///{state(tmp_path)}/history.sqlite") as database:
        first, second = database.points()
        stacks = database.stacks()
    assert second.to_anchor
    assert second.to_anchor.anchor == first.stack
    assert second.to_anchor.ratio == pytest.approx(1.09, abs=0.02)
    assert stacks[second.stack]["packages"]["torch"] == "0.1+silly"


def test_a_worker_that_uses_other_kernels_is_not_the_anchors_software(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    run_ladder(*options, SILLY_KERNEL="ref:any")
    with Database(f"sqlite:///{state(tmp_path)}/history.sqlite") as database:
        assert database.points()[-1].to_anchor is None, "nothing has measured how the two compare"


def test_a_history_that_cannot_be_reached_changes_no_exit_code(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    away = run_ladder(*options, "--history", "postgresql://127.0.0.1:1/none")
    assert away.returncode == 0, away.stdout
    assert f"1 run waits in {state(tmp_path)}/outbox for the history: postgresql+psycopg://127.0.0.1:1" in away.stderr
    assert run_ladder(*options, "--variant", "openvino-static").returncode == 0
    with Database(f"sqlite:///{state(tmp_path)}/history.sqlite") as database:
        assert len(database.nights()) == 2, "the one that waited is sent with the next"


def test_a_webhook_that_is_away_changes_no_exit_code(run_ladder: RunLadder, options: Options) -> None:
    told = run_ladder(*options, "--notify", "http://127.0.0.1:1/hook?token=secret")
    assert told.returncode == 0, told.stdout
    assert "127.0.0.1 was not told of this run, in 3 tries: MaxRetryError" in told.stderr
    assert "secret" not in told.stdout + told.stderr


@pytest.mark.parametrize("address", ["cheese", "ftp://host/path", "https://", "file:///etc/passwd"])
def test_a_webhook_that_is_none_is_said_before_the_first_round(
    run_ladder: RunLadder, options: Options, address: str
) -> None:
    told = run_ladder(*options, "--notify", address)
    assert told.returncode == 4
    assert f"ERROR: --notify {address!r}: give an address like https://host/path" in told.stderr


def test_a_run_draws_a_page_with_its_history(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run_ladder(*options).returncode == 0
    assert run_ladder(*options, "--report", str(page)).returncode == 0
    text = page.read_text()
    assert "<!doctype html>" in text
    assert "2 nights" in text


def test_a_page_is_drawn_of_the_run_alone_where_the_history_is_away(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    drawn = run_ladder(*options, "--report", str(page), "--history", "postgresql://127.0.0.1:1/none")
    assert drawn.returncode == 0, drawn.stdout
    assert f"{page} shows this run alone: the history cannot be read" in drawn.stderr
    assert "eager-fp32" in page.read_text()


@pytest.mark.parametrize(
    ("path", "said"), [("report.txt", "the name must end in .html"), ("/proc/no/report.html", "--report /proc/no")]
)
def test_a_page_that_cannot_be_written_is_said_before_the_first_round(
    run_ladder: RunLadder, options: Options, path: str, said: str
) -> None:
    drawn = run_ladder(*options, "--report", path)
    assert drawn.returncode == 4
    assert said in drawn.stderr


def test_a_run_may_be_kept_nowhere(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    assert run_ladder(*options, "--history", "none").returncode == 0
    assert not state(tmp_path).exists()
