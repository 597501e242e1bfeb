"""The gate result on this machine: the scores of what was measured."""

from __future__ import annotations

import pytest

from perf.lab.evaluate import OURS
from perf.lab.selftest import SelftestResult, scores
from perf.spec import ladder
from tests.builders.sessions import sessions


def test_the_selftest_scores_what_was_measured() -> None:
    (variant,) = ladder.select(["openvino-static"])
    result = SelftestResult(
        variant=variant,
        identical=sessions(12, seed=1, sd=0.005),
        slowed=sessions(12, seed=2, sd=0.005, slowdown=0.05),
        slowdown_percent=5.0,
    )
    flagged = {(score.rule, score.slowdown_percent): score.flagged_share for score in scores(result)}
    assert flagged[OURS, 0.0] <= 0.02
    assert flagged[OURS, 5.0] >= 0.98
    assert result.measured_shift.mean == pytest.approx(0.0488, abs=0.01)
