"""Which rows of a run are measured in turns with their anchors, decided before the first row is measured."""

from __future__ import annotations

from perf.errors import BadInput
from perf.gate.against_baseline import Gate
from perf.gate.anchor import AnchoredRow, ReferenceSide, prepare
from perf.gate.anchored_run import AnchoredRun
from perf.measure.run import Run
from perf.measure.settings import Judging
from perf.spec.variant import Variant

CHANGES_SHOWN = 4
NOT_ASKED = f"--judge {Judging.MEMORY}"


class AnchorPlan:
    """The anchors of a run's rows, made ready when the plan is made.

    A row whose software differs from that of its baseline has one, unless memory alone is asked for; where pairs are
    asked for, every row with a baseline has one. A run that records a baseline compares nothing.
    """

    def __init__(self, run: Run, gate: Gate) -> None:
        self._run = run
        self._changes: dict[str, list[str]] = {}
        self._references: dict[str, ReferenceSide | BadInput] = {}
        if run.settings.updates:
            return
        rows = self._rows_with_baseline(gate)
        self._changes = {row.variant.name: gate.software_changes(row.variant, row.stack) for row in rows}
        if run.settings.judge is not Judging.MEMORY:
            wanted = [row for row in rows if self._changes[row.variant.name] or run.settings.judge is Judging.PAIRS]
            self._references = prepare(wanted, run.workers_machine, run.say)
            self._announce()

    def anchored_run(self, variant: Variant) -> AnchoredRun | None:
        """Return the row's measurement beside its anchor, not yet begun; None if it is to be measured by itself."""
        reference = self._references.get(variant.name)
        return AnchoredRun(variant, reference, self._run) if isinstance(reference, ReferenceSide) else None

    def why_memory_alone(self, name: str) -> str | None:
        """Return why memory alone judges a row whose software has changed, or that was to be paired; else None."""
        reference = self._references.get(name)
        if isinstance(reference, BadInput):
            return str(reference).splitlines()[0]
        return NOT_ASKED if reference is None and self._changes.get(name) else None

    def _announce(self) -> None:
        """Say which rows are measured in pairs, and why; rows with the same reason share a line."""
        paired = [name for name, reference in self._references.items() if isinstance(reference, ReferenceSide)]
        if estimate := self._run.bench.estimate:
            estimate.expect_pairs(paired)
        names_by_reason: dict[str, list[str]] = {}
        for name in paired:
            changes = self._changes[name] or [f"--judge {Judging.PAIRS}"]
            more = [f"and {len(changes) - CHANGES_SHOWN} more"] if len(changes) > CHANGES_SHOWN else []
            names_by_reason.setdefault(", ".join([*changes[:CHANGES_SHOWN], *more]), []).append(name)
        for reason, names in names_by_reason.items():
            self._run.say(f"{', '.join(names)}: in pairs with the anchor: {reason}")

    def _rows_with_baseline(self, gate: Gate) -> list[AnchoredRow]:
        """Return the rows that can run here and have a baseline."""
        rows = []
        for variant in self._run.variants:
            before = gate.baseline_row(variant)
            if before and self._run.find_missing(variant) is None:
                stack = self._run.stacks[variant.stack]
                rows.append(AnchoredRow(variant=variant, path=gate.path, before=before, stack=stack))
        return rows
