"""The committed baselines, judged: that every change of the code leaves what is said of a night as it was.

Each row's sessions are held against the baseline that they are, with slowdowns planted in them. The verdicts are kept
in tests/data/committed-verdicts.json; a change that means to judge differently writes them anew:

    REWRITE_VERDICTS=1 python -m pytest tests/gate/test_committed_baseline.py
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from perf.gate import store
from perf.lab.trials import slowed
from perf.measure.settings import BASELINES
from perf.stats.decision import BaselineLevels
from perf.stats.ladder_decision import judge_ladder
from perf.stats.verdict import Verdict
from tests.builders.runs import DATA

KEPT = DATA / "committed-verdicts.json"
SLOWDOWNS_PERCENT = (-30, 0, 3, 10, 50)


def verdicts() -> dict[str, dict[str, Any]]:
    """File and row -> planted slowdown -> what is said."""
    said: dict[str, dict[str, Any]] = {}
    for path in store.files(BASELINES):
        references = {name: BaselineLevels.of(row.sessions) for name, row in store.load(path).rows.items()}
        for percent in SLOWDOWNS_PERCENT:
            new = {name: [slowed(each, percent) for each in row.sessions] for name, row in references.items()}
            for name, verdict in judge_ladder(references, new).items():
                by_slowdown = said.setdefault(f"{path.relative_to(BASELINES)} {name}", {})
                by_slowdown[f"{percent:+} %"] = in_figures(verdict)
    return said


def in_figures(verdict: Verdict) -> dict[str, Any]:
    """The kind of verdict, and of each watched quantity kind and interval."""
    findings = {
        finding.watch: [
            str(finding.kind),
            *(float(f"{ratio:.6g}") for ratio in (finding.low, finding.ratio, finding.high)),
        ]
        for finding in verdict.findings
    }
    return {"verdict": str(verdict.kind), "suspicious": verdict.suspicious, **findings}


def test_the_committed_baselines_give_the_verdicts_that_they_gave() -> None:
    now = verdicts()
    if os.environ.get("REWRITE_VERDICTS"):
        KEPT.write_text(json.dumps(now, indent=1) + "\n")
    kept = json.loads(KEPT.read_text())
    assert now.keys() == kept.keys()
    for row, by_slowdown in kept.items():
        for slowdown, said in by_slowdown.items():
            assert flat(now[row][slowdown]) == pytest.approx(flat(said), rel=1e-4), f"{row}, {slowdown}"


def flat(said: dict[str, Any]) -> dict[str, Any]:
    """``said`` with each finding's four values under a name of its own, as approx compares no nested ones."""
    lists = {name: value for name, value in said.items() if isinstance(value, list)}
    words = {name: value for name, value in said.items() if name not in lists}
    return words | {f"{name}, {number}": value for name, values in lists.items() for number, value in enumerate(values)}


def test_they_hold_slowdowns_that_are_seen_and_rows_that_are_not_slower() -> None:
    kept = json.loads(KEPT.read_text())
    kinds = {slowdown: {row[slowdown]["verdict"] for row in kept.values()} for slowdown in ("+0 %", "+50 %")}
    assert "regressed" not in kinds["+0 %"]
    assert kinds["+50 %"] == {"regressed"}
