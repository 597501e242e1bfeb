"""Rows that cannot run: skipped where nobody can miss them, failed where they are to be judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders.runs import RunLadder

Options = tuple[str, ...]


def test_a_missing_stack_skips_with_the_command_that_fixes_it(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    result = run_ladder(*silly_options, "--variant", "ipex-bf16", "--rounds", "1", TOX_WORK_DIR=str(tmp_path))
    assert result.returncode == 0
    assert "2 passed, 3 skipped" in result.stdout
    assert "ipex-bf16: skipped: stack ipex is not installed; to fix it: tox run --notest -e stack-ipex" in result.stdout


@pytest.mark.parametrize("option", ["--require-all", "--strict"])
def test_no_row_may_be_skipped_where_all_are_required(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path, option: str
) -> None:
    result = run_ladder(*silly_options[:-1], "ipex-bf16", option, TOX_WORK_DIR=str(tmp_path))
    assert result.returncode == 1
    assert "stack ipex is not installed" in result.stdout
    assert "(with --require-all every row must run)" in result.stdout


def test_the_record_says_which_rows_are_missing_and_why(
    run_ladder: RunLadder, silly_options: Options, tmp_path: Path
) -> None:
    rows = (*silly_options, "--variant", "ipex-bf16", "--rounds", "1", "--benchmark-json", "run.json")
    assert run_ladder(*rows, TOX_WORK_DIR=str(tmp_path)).returncode == 0
    missing = json.loads((tmp_path / "run.json").read_text())["not_measured"]
    assert missing == {"ipex-bf16": "skipped: stack ipex is not installed; to fix it: tox run --notest -e stack-ipex"}


def test_all_rows_skipped_without_any_stack(run_ladder: RunLadder, tmp_path: Path) -> None:
    result = run_ladder("--model", "tiny", "--variant", "eager-fp32", TOX_WORK_DIR=str(tmp_path))
    assert result.returncode == 1, "nothing was judged, which is no good night"
    assert "3 skipped" in result.stdout
    assert "no row could be measured here, so that nothing was judged" in result.stderr
    assert not (tmp_path / "cache").exists()


def test_a_row_with_a_baseline_must_run(run_ladder: RunLadder, silly_options: Options, tmp_path: Path) -> None:
    rows = (*silly_options, "--variant", "openvino-static", "--rounds", "3", "--budget", "0")
    options = (*rows, "--baselines", str(tmp_path / "baselines"))
    assert run_ladder(*options, "--update-baseline", "--why", "the first").returncode == 0
    result = run_ladder(*options, SILLY_LACKS="openvino")
    assert result.returncode == 1
    assert "(a row that has a baseline here must run)" in result.stdout
    assert "openvino-static: no verdict: " in result.stdout
    assert "1 failed, 2 passed, 1 skipped, 1 error" in result.stdout

    updated = run_ladder(*options, "--update-baseline", "--why", "the other row alone", SILLY_LACKS="openvino")
    assert updated.returncode == 0, updated.stdout
