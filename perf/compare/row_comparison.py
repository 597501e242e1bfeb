"""The comparison of rows: each row of a run with the one that it is measured against, each in its own stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perf.compare.run_comparison import RunComparison
from perf.compare.side_pair import Role
from perf.errors import BadInput
from perf.host.prerequisites import Missing
from perf.host.stack import Stack
from perf.measure.run import Run
from perf.spec.sweep import at_setting_of
from perf.spec.variant import Variant
from perf.stats.paired_comparison import PairedVerdict


class RowComparison(RunComparison):
    """A comparison of every row of the run with the reference row that its settings name, in a sweep at each setting.

    Whether the candidate is slower is the question, so either answer is one: what fails is a row without an answer.
    Raises BadInput if the reference row cannot run here.
    """

    TITLE = "pair"
    FAILING = frozenset({PairedVerdict.INVALID, PairedVerdict.DISTURBED})

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        assert run.settings.against is not None, "asked for where rows are compared"
        self.reference = run.settings.against
        if missing := run.find_missing(self.reference):
            raise BadInput(f"{self.reference.name}, {Role.REFERENCE}: {missing}")

    def sides(self, variant: Variant) -> Mapping[Role, tuple[Variant, Stack | None]]:
        """Return the variant and what it is measured against, each in the installed stack of its own."""
        rows = {Role.REFERENCE: at_setting_of(self.reference, variant), Role.CANDIDATE: variant}
        return {role: (row, self._run.stacks.get(row.stack)) for role, row in rows.items()}

    def why_missing(self, missing: Missing) -> str:
        """Return what is missing, and how to provide it."""
        return str(missing)

    def sides_to_json(self) -> Mapping[str, Any]:
        """Return the rows, and what is needed to make their stacks again."""
        return {
            "reference": self.reference.to_json(),
            "candidates": [result.variant.to_json() for result in self.results.values()],
            "stacks": {name: stack.recipe for name, stack in self._run.stacks.items()},
        }
