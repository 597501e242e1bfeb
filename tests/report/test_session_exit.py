"""The exit code of runs in which tests failed, from reports as pytest's terminal keeps them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from perf.exit_codes import ExitCode
from perf.report import session_exit

Reports = dict[str, list[Any]]


def report(test: str, verdict: str | None = None, when: str = "call") -> Any:
    return SimpleNamespace(nodeid=test, when=when, user_properties=[("verdict", verdict)] if verdict else [])


def exit_code(reports: Reports, *unfinished: str) -> ExitCode:
    """Return the exit code of a session of the tests that have reports, and of those that were not begun."""
    tests = {report.nodeid for kept in reports.values() for report in kept} | set(unfinished)
    items: Any = [SimpleNamespace(nodeid=test) for test in sorted(tests)]
    return session_exit.of_failed(lambda outcome: reports.get(outcome, []), items)


@pytest.mark.parametrize("verdict", ["undecided", "disturbed"])
def test_undecided_rows_alone(verdict: str) -> None:
    others = {"passed": [report("a", "unchanged"), report("b", "known")], "skipped": [report("c")]}
    assert exit_code({**others, "failed": [report("d", verdict), report("e", "undecided")]}) is ExitCode.UNDECIDED


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param({"failed": [report("b", "regressed")]}, id="slower"),
        pytest.param({"failed": [report("b", "invalid")]}, id="invalid"),
        pytest.param({"failed": [report("b", "no baseline")]}, id="no baseline"),
        pytest.param({"failed": [report("b")]}, id="a test without a verdict"),
        pytest.param({"error": [report("b", when="setup")]}, id="no worker"),
        pytest.param({"error": [report("a", "undecided", when="teardown")]}, id="its own teardown"),
    ],
)
def test_anything_else_that_fails_beside_one_is_a_failure(beside: Reports) -> None:
    failed = [report("a", "undecided"), *beside.get("failed", [])]
    assert exit_code({**beside, "failed": failed}) is ExitCode.FAILED


def test_of_a_session_that_ended_early_nobody_knows_what_the_rest_would_have_been() -> None:
    undecided: Reports = {"passed": [report("a")], "failed": [report("b", "undecided")]}
    assert exit_code(undecided) is ExitCode.UNDECIDED, "it was the last one"
    assert exit_code(undecided, "c") is ExitCode.FAILED
