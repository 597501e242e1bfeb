"""The gate of one run: the baseline that belongs to it, and the verdict on each row by the baseline's sessions."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from perf.errors import BadBaseline
from perf.gate import store
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey, Json
from perf.gate.baseline_row import BaselineRow, specification
from perf.host.machine import Machine
from perf.host.stack import Stack, package_changes
from perf.host.worker_code import worker_digest
from perf.proof.attribution import differences, moved_kernels
from perf.records.evidence import Evidence
from perf.records.session_record import SessionRecord
from perf.spec.variant import Variant
from perf.stats.decision import BaselineLevels
from perf.stats.ladder_decision import judge_ladder
from perf.stats.tolerances import DEFAULT_TOLERANCES, Tolerances
from perf.stats.verdict import MAX_SESSIONS, Verdict, VerdictKind

NOT_AS_CLAIMED = (
    "the row did not run as it claims, so its time does not count: find what changed (packages, environment variables, "
    "a container's limits), and measure again"
)


@dataclass(frozen=True)
class MeasuredRow:
    """A row of this run: what was measured, with which stack, and which of its claims do not hold (``faults``)."""

    variant: Variant
    stack: Stack
    sessions: Sequence[SessionRecord]
    faults: Sequence[str] = ()
    evidence: Evidence | None = None


class Gate:
    """The run's baseline, read once when the run begins; a fault in it is the verdict on the rows it concerns.

    ``path`` is the baseline's file, or where one would be written; ``baseline`` is None where none can be compared
    with. ``tolerances`` are the changes that matter, by row and quantity.
    """

    def __init__(
        self, folder: Path, machine: Machine, key: BaselineKey, tolerances: Tolerances = DEFAULT_TOLERANCES
    ) -> None:
        self.folder = folder
        self.tolerances = tolerances
        self.machine = machine
        self.key = key
        self.path = store.path_of(folder, key)
        self.baseline: Baseline | None = None
        self._fault: str | None = None
        self._levels: dict[str, BaselineLevels] = {}
        try:
            stored = store.find(folder, key)
            self.path, self.baseline = stored.path, stored.baseline
        except BadBaseline as error:
            self._fault = str(error)

    def baseline_row(self, variant: Variant) -> BaselineRow | None:
        """Return the baseline's row of this variant, or None if there is none of this specification."""
        row = self.baseline.rows.get(variant.name) if self.baseline else None
        return row if row and row.variant == specification(variant) else None

    def judge(self, rows: Iterable[MeasuredRow], looks: int = MAX_SESSIONS) -> dict[str, Verdict]:
        """Return the verdicts on the rows of this run, by name, where a row may have ``looks`` sessions."""
        rows = list(rows)
        incomparable = {row.variant.name: verdict for row in rows if (verdict := self._why_incomparable(row))}
        comparable = {row.variant.name: row for row in rows if row.variant.name not in incomparable}
        judged = judge_ladder(
            {name: self._levels_of(row) for name, row in comparable.items()},
            {name: row.sessions for name, row in comparable.items()},
            same_software=[name for name, row in comparable.items() if not self._has_changed_software(row)],
            tolerances=self.tolerances,
            looks=looks,
        )
        return {row.variant.name: (incomparable | judged)[row.variant.name] for row in rows}

    def package_changes(self, row: MeasuredRow) -> list[str]:
        """Return the packages that differ from those that the row's baseline was measured with."""
        before = self.baseline_row(row.variant)
        return package_changes(before.stack["packages"], row.stack.packages) if before else []

    def evidence_changes(self, row: MeasuredRow) -> list[str]:
        """Return what differs in the worker's evidence from the baseline's, what costs most first."""
        before = self.baseline_row(row.variant)
        if before is None or before.evidence is None or row.evidence is None:
            return []
        return differences(before.evidence, row.evidence)

    def is_same_software(self, row: MeasuredRow) -> bool:
        """Return whether Python, packages, the worker's code and kernels are those of the row's baseline.

        False where the baseline does not have them to compare with.
        """
        before = self.baseline_row(row.variant)
        if before is None or before.worker is None or before.evidence is None or row.evidence is None:
            return False
        if self._has_changed_software(row):
            return False
        return not moved_kernels(before.evidence.kernels, row.evidence.kernels)

    def changes_of(self, variant: Variant) -> list[Json]:
        """Return the baseline's updates that concerned this row, the latest last."""
        changes = self.baseline.changes if self.baseline else ()
        return [change for change in changes if variant.name in change["rows"]]

    def particular_changes(self) -> list[str]:
        """Return the particulars in which this machine differs from the baseline's."""
        before: Json = self.baseline.particulars if self.baseline else {}
        here = self.machine.particulars
        return [f"{name} {before[name]} -> {value}" for name, value in here.items() if before.get(name, value) != value]

    def _has_changed_software(self, row: MeasuredRow) -> bool:
        """Tell whether Python, a package or the worker's code is known to differ from the baseline's."""
        before = self.baseline_row(row.variant)
        if before is None:
            return False
        if before.stack["python_version"] != row.stack.python_version:
            return True
        if before.worker not in (None, worker_digest()):
            return True
        return bool(self.package_changes(row))

    def _levels_of(self, row: MeasuredRow) -> BaselineLevels:
        """Return the levels of the row's baseline, which is there; they are read once."""
        name = row.variant.name
        before = self.baseline_row(row.variant)
        assert before is not None, "a row without a baseline is incomparable"
        if name not in self._levels:
            self._levels[name] = BaselineLevels.of(before.sessions)
        return self._levels[name]

    def _why_incomparable(self, row: MeasuredRow) -> Verdict | None:
        """Return the verdict on a row that no baseline can judge, or None."""
        name = row.variant.name
        if row.faults:
            return Verdict(kind=VerdictKind.INVALID, sentence=f"{'; '.join(row.faults)}; {NOT_AS_CLAIMED}")
        if fault := self._fault or self._row_fault(name):
            sentence = f"{fault}; restore it from version control, or record a new one"
            return Verdict(kind=VerdictKind.INVALID, sentence=sentence)
        if self.baseline_row(row.variant) is None:
            return Verdict(kind=VerdictKind.NO_BASELINE, sentence=self._why_no_baseline(row.variant))
        return None

    def _row_fault(self, name: str) -> str | None:
        fault = self.baseline.faults.get(name) if self.baseline else None
        return f"{self.path}: {fault}" if fault else None

    def _why_no_baseline(self, variant: Variant) -> str:
        if self.baseline is None:
            return f"none in {self.folder} is of this machine, model and protocol{self._nearest}"
        row = self.baseline.rows.get(variant.name)
        if row is None:
            return f"{self.path} has no such row"
        here = specification(variant)
        changed = [name for name in here if row.variant.get(name) != here[name]]
        fields = "; ".join(f"{name}: {row.variant.get(name)}, here {here[name]}" for name in changed)
        return f"{self.path} was measured with another specification ({fields or 'of an older version'})"

    @functools.cached_property
    def _nearest(self) -> str:
        """The file with the fewest differences and the first of them; read once for all rows."""
        files = store.why_not(self.folder, lambda key: key.differences(self.key))
        path, differences = min(files, key=lambda file: len(file[1]), default=(None, []))
        return f"; the nearest is {path} ({differences[0]})" if differences else ""
