"""The gate result on this machine: the scores of what was measured."""

from __future__ import annotations

import argparse

import pytest

from perf import cli
from perf.cli.selftest import show_result
from perf.exit_codes import ExitCode
from perf.lab.evaluate import OURS
from perf.lab.selftest import SelftestResult, scores
from perf.spec import ladder
from tests.builders.sessions import session, sessions


def test_the_selftest_scores_what_was_measured() -> None:
    (variant,) = ladder.select(["openvino-static"])
    result = SelftestResult(
        variant=variant,
        identical=sessions(12, seed=1, sd=0.005),
        slowed=sessions(12, seed=2, sd=0.005, slowdown=0.05),
        slowdown_percent=5.0,
    )
    flagged = {(score.rule, score.slowdown_percent): score.regressed_share for score in scores(result)}
    assert flagged[OURS, 0.0] <= 0.02
    assert flagged[OURS, 5.0] >= 0.98
    assert result.measured_shift
    assert result.measured_shift.mean == pytest.approx(0.0488, abs=0.01)


def test_sessions_that_were_all_disturbed_show_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    (variant,) = ladder.select(["openvino-static"])
    busy = [session([10.0, 10.1, 10.2], pressure=0.3) for _ in range(3)]
    for identical, slowed in ((sessions(3, seed=1), busy), (busy, sessions(3, seed=1)), (busy, busy)):
        result = SelftestResult(variant=variant, identical=identical, slowed=slowed, slowdown_percent=5.0)
        assert result.measured_shift is None
        show_result(result, argparse.Namespace(size="256x256", steps=20, more_steps=1, rounds=3))
        assert "measured: nothing, every round was disturbed" in capsys.readouterr().out


def test_one_session_is_refused_before_anything_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["selftest", "--sessions", "1"]) == ExitCode.BAD_INPUT
    assert "--sessions 1: must be at least 2" in capsys.readouterr().err
