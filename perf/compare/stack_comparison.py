"""The upgrade check of a run: each variant in two stacks, the verdict on it, and what differs between the two."""

from __future__ import annotations

from typing import Any

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import judge
from perf.compare.stack_pair import Role, StackPair, stack_for_worker
from perf.errors import PerfError
from perf.host.requirements import name_of
from perf.host.stack import package_changes
from perf.measure.run import Run
from perf.spec.variant import Variant
from perf.stats.paired_comparison import PairedVerdict


class StackComparison:
    """A run's comparison of two stacks: the paired runs it starts, and the result of each row.

    Made with its run, whose settings name the two interpreters. Raises BadInput if no worker can run in either.
    """

    def __init__(self, run: Run) -> None:
        settings = run.settings
        assert settings.stack_pair is not None, "asked for where two stacks are compared"
        reference, candidate = settings.stack_pair
        self.stack_pair = StackPair(
            reference=stack_for_worker(Role.REFERENCE, reference),
            candidate=stack_for_worker(Role.CANDIDATE, candidate),
        )
        self.results: dict[str, ComparedRow] = {}
        self._run = run

    @property
    def package_changes(self) -> list[str]:
        """``openvino 2026.3.1 -> 2026.4.1`` and the like."""
        return package_changes(self.stack_pair.reference.packages, self.stack_pair.candidate.packages)

    @property
    def unasked_changes(self) -> list[str]:
        """Those of packages that nobody asked for; none where it is not known what was asked."""
        asked = {name_of(requirement) for requirement in self._run.settings.asked}
        if not asked:
            return []
        return [change for change in self.package_changes if change.partition(" ")[0] not in asked]

    def paired_run(self, variant: Variant) -> PairedRun:
        """Return the measurement of a variant in both stacks, not yet begun."""
        return PairedRun(variant, self.stack_pair, self._run, self._run.settings.pairs_budget_s)

    def find_missing(self, variant: Variant) -> str | None:
        """Return why the variant cannot be compared here, or None."""
        for role in Role:
            if missing := self._run.find_missing_in(variant, self.stack_pair.of(role)):
                return f"{role}: {missing.reason}"
        return None

    def add(self, paired_run: PairedRun) -> ComparedRow:
        """Judge a variant after its last pair, and keep the result."""
        row = judge(paired_run, self._run)
        self.results[row.variant.name] = row
        return row

    def add_error(self, variant: Variant, error: PerfError) -> None:
        """Keep a variant whose worker failed as invalid; the others go on."""
        reason = str(error).splitlines()[0]
        self.results[variant.name] = ComparedRow(
            variant=variant, verdict=PairedVerdict.INVALID, sentence=reason, faults=(reason,)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the whole comparison as it is kept in results/upgrade.json."""
        return self.summary() | {"results": [result.to_json() for result in self.results.values()]}

    def summary(self) -> dict[str, Any]:
        """Return the comparison without its pairs, as it is kept in the run's record, whose benchmarks have those."""
        return {
            "schema": 1,
            "machine": self._run.machine.to_json(),
            "model": self._run.bench.model.to_json(),
            "protocol": self._run.bench.protocol.to_json(),
            "reference": self.stack_pair.reference.recipe,
            "candidate": self.stack_pair.candidate.recipe,
            "asked": list(self._run.settings.asked),
            "package_changes": self.package_changes,
            "unasked_changes": self.unasked_changes,
            "results": [result.summary() for result in self.results.values()],
        }
