"""What pytest ends with after tests have failed: 2 if they are rows that could not be decided, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from perf.exit_codes import ExitCode
from perf.stats.verdict import UNANSWERED

if TYPE_CHECKING:
    import pytest

FAILED = ("failed", "error")  # the terminal's names for what became of a test
FINISHED = (*FAILED, "passed", "skipped", "xfailed", "xpassed")


def of_failed(reports_of: Callable[[str], Sequence[object]], items: Iterable[pytest.Item]) -> ExitCode:
    """Return the exit code of a session in which tests failed.

    Of a session that ended before its last test, by ``--exitfirst`` for example, nobody knows that nothing is slower.

    Args:
        reports_of: what returns the reports of one outcome, by the terminal's name for it.
        items: the tests that were to run.
    """
    failed = [report for outcome in FAILED for report in reports_of(outcome)]
    finished = {getattr(report, "nodeid", "") for outcome in FINISHED for report in reports_of(outcome)}
    has_finished = all(item.nodeid in finished for item in items)
    only_undecided = bool(failed) and all(map(is_undecided, failed))
    return ExitCode.UNDECIDED if has_finished and only_undecided else ExitCode.FAILED


def is_undecided(report: object) -> bool:
    """Tell whether a test failed for want of a decision: it recorded its verdict, and nothing has failed since."""
    properties = dict(getattr(report, "user_properties", ()))
    return getattr(report, "when", None) == "call" and properties.get("verdict") in UNANSWERED
