"""The upgrade check of a run: each row in two stacks, and what differs between the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perf.compare.run_comparison import RunComparison
from perf.compare.side_pair import Role, stack_for_worker
from perf.host.prerequisites import Missing
from perf.host.requirements import name_of
from perf.host.stack import Stack, package_changes
from perf.measure.run import Run
from perf.spec.variant import Variant
from perf.stats.paired_comparison import PairedVerdict


class StackComparison(RunComparison):
    """A comparison of the stack in use with the one that may take its place; a slower row fails.

    Made with its run, whose settings name the two interpreters. Raises BadInput if no worker can run in either.
    """

    TITLE = "upgrade"
    FAILING = frozenset({PairedVerdict.REGRESSED, PairedVerdict.INVALID, PairedVerdict.DISTURBED})

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        assert run.settings.stack_pair is not None, "asked for where two stacks are compared"
        reference, candidate = run.settings.stack_pair
        self.reference = stack_for_worker(Role.REFERENCE, reference)
        self.candidate = stack_for_worker(Role.CANDIDATE, candidate)

    def sides(self, variant: Variant) -> Mapping[Role, tuple[Variant, Stack | None]]:
        """Return the variant in both stacks."""
        return {Role.REFERENCE: (variant, self.reference), Role.CANDIDATE: (variant, self.candidate)}

    def why_missing(self, missing: Missing) -> str:
        """Return what is missing; the remedies are for the suite's own stacks, not for an interpreter that is given."""
        return missing.reason

    @property
    def package_changes(self) -> list[str]:
        """``openvino 2026.3.1 -> 2026.4.1`` and the like."""
        return package_changes(self.reference.packages, self.candidate.packages)

    @property
    def unasked_changes(self) -> list[str]:
        """Those of packages that nobody asked for; none where it is not known what was asked."""
        asked = {name_of(requirement) for requirement in self._run.settings.asked}
        if not asked:
            return []
        return [change for change in self.package_changes if change.partition(" ")[0] not in asked]

    def sides_to_json(self) -> Mapping[str, Any]:
        """Return what is needed to make both stacks again, and in what they differ."""
        return {
            "reference": self.reference.recipe,
            "candidate": self.candidate.recipe,
            "asked": list(self._run.settings.asked),
            "package_changes": self.package_changes,
            "unasked_changes": self.unasked_changes,
        }
