"""The comparison of a run: the sides of each row, and the verdict on it. What is compared, its subclasses say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import judge
from perf.compare.side_pair import Role, Side, SidePair
from perf.errors import PerfError
from perf.host.prerequisites import Missing
from perf.host.stack import Stack
from perf.measure.run import Run
from perf.spec.variant import Variant
from perf.stats.paired_comparison import PairedVerdict


class RunComparison(ABC):
    """The paired runs that a run starts, and the result of each row.

    ``TITLE`` is the name of the section that a report and the run's record give it; ``FAILING`` are the verdicts that
    fail a row.
    """

    TITLE: ClassVar[str]
    FAILING: ClassVar[frozenset[PairedVerdict]]

    def __init__(self, run: Run) -> None:
        self.results: dict[str, ComparedRow] = {}
        self._run = run

    @abstractmethod
    def sides(self, variant: Variant) -> Mapping[Role, tuple[Variant, Stack | None]]:
        """Return the row of each side where ``variant`` is the candidate, and its stack, None if that is missing."""

    @abstractmethod
    def sides_to_json(self) -> Mapping[str, Any]:
        """Return what was compared, as it is kept beside the results."""

    def find_missing(self, variant: Variant) -> str | None:
        """Return why the variant cannot be compared here, or None."""
        for role, (row, stack) in self.sides(variant).items():
            if missing := self._run.find_missing_in(row, stack):
                return f"{role}: {self.why_missing(missing)}"
        return None

    @abstractmethod
    def why_missing(self, missing: Missing) -> str:
        """Return what is missing in words, with the remedy where one is known."""

    def side_pair(self, variant: Variant) -> SidePair:
        """Return both sides where ``variant``, which lacks nothing, is the candidate."""
        sides = {}
        for role, (row, stack) in self.sides(variant).items():
            assert stack is not None, "find_missing has said so"
            sides[role] = Side(variant=row, stack=stack)
        return SidePair(reference=sides[Role.REFERENCE], candidate=sides[Role.CANDIDATE])

    def paired_run(self, variant: Variant) -> PairedRun:
        """Return the measurement of a variant and its reference, not yet begun."""
        return PairedRun(self.side_pair(variant), self._run, self._run.settings.pairs_budget_s)

    def add(self, paired_run: PairedRun) -> ComparedRow:
        """Judge a variant after its last pair, and keep the result."""
        row = judge(paired_run, self._run)
        self.results[row.variant.name] = row
        return row

    def add_error(self, variant: Variant, error: PerfError) -> None:
        """Keep a variant whose worker, or whose reference's, failed as invalid; the others go on."""
        reason = str(error).splitlines()[0]
        self.results[variant.name] = ComparedRow(
            variant=variant, verdict=PairedVerdict.INVALID, sentence=reason, faults=(reason,)
        )

    def fails(self, row: ComparedRow) -> bool:
        """Tell whether a row's test fails, whatever is required of it."""
        return row.verdict in self.FAILING

    def to_json(self) -> dict[str, Any]:
        """Return the whole comparison as it is kept in results/."""
        return self.summary() | {"results": [result.to_json() for result in self.results.values()]}

    def summary(self) -> dict[str, Any]:
        """Return the comparison without its pairs, as it is kept in the run's record, whose benchmarks have those."""
        return {
            "schema": 1,
            "machine": self._run.machine.to_json(),
            "model": self._run.bench.model.to_json(),
            "protocol": self._run.bench.protocol.to_json(),
            **self.sides_to_json(),
            "results": [result.summary() for result in self.results.values()],
        }
