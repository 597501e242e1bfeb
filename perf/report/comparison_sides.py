"""The sides of a comparison, for people: two stacks and the packages in which they differ, or rows and their stacks."""

from __future__ import annotations

from collections.abc import Sequence

from perf.compare.row_comparison import RowComparison
from perf.compare.run_comparison import RunComparison
from perf.compare.stack_comparison import StackComparison
from perf.measure.run import Run

CHANGES_SHOWN = 8


def about(compared: RunComparison, run: Run) -> list[str]:
    """Name what was compared, a line each."""
    if isinstance(compared, StackComparison):
        return about_stacks(compared)
    assert isinstance(compared, RowComparison), "there is no third kind"
    return about_rows(compared, run)


def about_stacks(compared: StackComparison) -> list[str]:
    """Name the two stacks, and the packages in which they differ."""
    unasked = compared.unasked_changes
    asked = [change for change in compared.package_changes if change not in unasked]
    lines = [str(compared.reference), str(compared.candidate), f"packages that differ: {shortened(asked)}"]
    if unasked:
        lines.append(f"changed along with them: {shortened(unasked)}")
    return lines


def about_rows(compared: RowComparison, run: Run) -> list[str]:
    """Name the reference row and the candidates, each with its stack, and the stacks."""
    candidates = [result.variant for result in compared.results.values()]
    rows = [f"reference: {compared.reference.name} (stack {compared.reference.stack})"]
    rows += [f"candidate: {variant.name} (stack {variant.stack})" for variant in candidates]
    used = dict.fromkeys(variant.stack for variant in (compared.reference, *candidates))
    return [*rows, *(str(run.stacks[name]) for name in used if name in run.stacks)]


def shortened(changes: Sequence[str]) -> str:
    """Return the first changes in a line, and how many more there are."""
    if not changes:
        return "none"
    more = len(changes) - CHANGES_SHOWN
    return ", ".join(changes[:CHANGES_SHOWN]) + (f", and {more} more, all in the JSON" if more > 0 else "")
