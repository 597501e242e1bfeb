"""The gate of one run: the baseline that belongs to it, and the verdict on each row by the baseline's sessions."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perf.compare.compared_row import ComparedRow
from perf.errors import BadBaseline
from perf.gate import store
from perf.gate.anchor import software_changes
from perf.gate.baseline import Baseline
from perf.gate.baseline_key import BaselineKey, Json
from perf.gate.baseline_row import BaselineRow, specification
from perf.gate.paired_verdict import verdict_on
from perf.gate.plausibility import REACH
from perf.host.anchors import Recipe
from perf.host.machine import Machine
from perf.host.stack import Stack
from perf.measure.command import launch_here
from perf.proof.attribution import differences, software_differences
from perf.records.evidence import Evidence
from perf.records.session_record import SessionRecord
from perf.spec.variant import Variant
from perf.stats.decision import BaselineLevels
from perf.stats.ladder_decision import judge_ladder
from perf.stats.machine_verdict import MachineVerdict, judge_machine
from perf.stats.tolerances import DEFAULT_TOLERANCES, Tolerances
from perf.stats.verdict import MAX_SESSIONS, Verdict, VerdictKind

NOT_AS_CLAIMED = (
    "the row did not run as it claims, so its time does not count: find what changed (packages, environment variables, "
    "a container's limits), and measure again"
)


@dataclass(frozen=True)
class MeasuredRow:
    """A row of this run: what was measured, with which stack, and which of its claims do not hold (``faults``).

    ``paired`` is what pairs with its anchor have shown, where it has some. ``caveats`` are what of the anchor could not
    be had, or why memory alone judges a row whose software has changed.
    """

    variant: Variant
    stack: Stack
    sessions: Sequence[SessionRecord]
    faults: Sequence[str] = ()
    evidence: Evidence | None = None
    paired: ComparedRow | None = None
    caveats: Sequence[str] = ()


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
        settled = {row.variant.name: verdict for row in rows if (verdict := self._without_memory(row))}
        comparable = {row.variant.name: row for row in rows if row.variant.name not in settled}
        judged = judge_ladder(
            {name: self._levels_of(row) for name, row in comparable.items()},
            {name: row.sessions for name, row in comparable.items()},
            same_software=[name for name, row in comparable.items() if self.is_same_software(row)],
            tolerances=self.tolerances,
            looks=looks,
        )
        remembered = {
            name: replace(self._believed(judged[name]), caveats=tuple(row.caveats)) for name, row in comparable.items()
        }
        return {row.variant.name: (settled | remembered)[row.variant.name] for row in rows}

    def judge_machine(
        self, rows: Iterable[MeasuredRow], tolerance: float, verdicts: Mapping[str, Verdict]
    ) -> MachineVerdict:
        """Return the verdict on the machine, by those of this run's rows whose software is that of their baseline.

        Args:
            rows: the measured rows.
            tolerance: the slowdown of the machine that matters, as a fraction.
            verdicts: those on the rows, some of which a lower clock may have excused.
        """
        telling = [row for row in rows if not self._without_memory(row) and self.is_same_software(row)]
        return judge_machine(
            {row.variant.name: self._levels_of(row) for row in telling},
            {row.variant.name: row.sessions for row in telling},
            tolerance=tolerance,
            peak=self._peak_ratio(telling),
            clocks={name: verdict.clock for name, verdict in verdicts.items() if verdict.clock is not None},
        )

    def software_changes(self, variant: Variant, stack: Stack) -> list[str]:
        """Return in what the software differs from that of the row's baseline; nothing without one.

        That is packages, Python, the worker's code, and how workers are started; what the baseline does not have is not
        compared.
        """
        before = self.baseline_row(variant)
        return software_changes(before, stack, launch_here(variant, stack, self.machine)) if before else []

    def anchor(self, variant: Variant) -> str | None:
        """Return the digest of the stack that the row's baseline was accepted with; None without a baseline."""
        before = self.baseline_row(variant)
        return Recipe.of(before.stack).digest if before else None

    def evidence_changes(self, row: MeasuredRow) -> list[str]:
        """Return what differs in the worker's evidence from the baseline's, what costs most first."""
        before = self.baseline_row(row.variant)
        if before is None or before.evidence is None or row.evidence is None:
            return []
        return differences(before.evidence, row.evidence)

    def changes_of(self, variant: Variant) -> list[Json]:
        """Return the baseline's updates that concerned this row, the latest last."""
        changes = self.baseline.changes if self.baseline else ()
        return [change for change in changes if variant.name in change["rows"]]

    def particular_changes(self) -> list[str]:
        """Return the particulars in which this machine differs from the baseline's."""
        before: Json = self.baseline.particulars if self.baseline else {}
        here = self.machine.particulars
        return [f"{name} {before[name]} -> {value}" for name, value in here.items() if before.get(name, value) != value]

    def _believed(self, verdict: Verdict) -> Verdict:
        """Return the verdict, or that the baseline cannot be of this row, which no software makes so much faster."""
        if verdict.latency is None or verdict.latency.ratio * REACH > 1:
            return verdict
        sentence = (
            f"{1 / verdict.latency.ratio:.3g} times faster than {self.path} says, which then is in another unit, or of "
            "another machine or model: restore it, or take the row out of it, and its name out of changes, and record "
            "it anew"
        )
        return replace(verdict, kind=VerdictKind.INVALID, sentence=sentence)

    def is_same_software(self, row: MeasuredRow) -> bool:
        """Tell whether neither what is started nor what its workers say of themselves has changed."""
        before = self.baseline_row(row.variant)
        if before and before.evidence and row.evidence and software_differences(before.evidence, row.evidence):
            return False
        return not self.software_changes(row.variant, row.stack)

    def _peak_ratio(self, rows: Iterable[MeasuredRow]) -> float | None:
        """Return how much more the machine computes per second at best, as a ratio; None where that is not known."""
        ratios = []
        for row in rows:
            before = self.baseline_row(row.variant)
            if before and before.evidence and row.evidence:
                ratios.append(row.evidence.peak.fp32_flop_per_s / before.evidence.peak.fp32_flop_per_s)
        return statistics.median(ratios) if ratios else None

    def _levels_of(self, row: MeasuredRow) -> BaselineLevels:
        """Return the levels of the row's baseline, which is there; they are read once."""
        name = row.variant.name
        before = self.baseline_row(row.variant)
        assert before is not None, "a row without a baseline is incomparable"
        if name not in self._levels:
            self._levels[name] = BaselineLevels.of(before.sessions)
        return self._levels[name]

    def _without_memory(self, row: MeasuredRow) -> Verdict | None:
        """Return the verdict on a row for which the baseline's sessions need not be asked, or None."""
        if verdict := self._why_incomparable(row):
            return verdict
        return verdict_on(row.paired, row.caveats) if row.paired else None

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
