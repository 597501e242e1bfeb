"""The gate of one run: the baseline that belongs to its setting, and what is said of each row against it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from perf.errors import BadBaseline
from perf.gate import store
from perf.gate.baseline import Baseline, BaselineKey, BaselineRow, Json, specification
from perf.host.machine import Machine
from perf.host.stack import Stack, package_changes
from perf.host.worker_code import worker_digest
from perf.proof.attribution import differences, moved_kernels
from perf.records.evidence import Evidence
from perf.records.session_record import SessionRecord
from perf.spec.variant import Variant
from perf.stats.decision import BaselineLevels, judge
from perf.stats.drift import excuse_drift
from perf.stats.verdict import MAX_SESSIONS, Verdict, VerdictKind


@dataclass(frozen=True)
class MeasuredRow:
    """A row of this run: what was measured, with which stack, and what it claimed that is not so."""

    variant: Variant
    stack: Stack
    sessions: Sequence[SessionRecord]
    faults: Sequence[str] = ()
    evidence: Evidence | None = None


class Gate:
    """Reads the baseline once, when the run begins; a fault in it is the verdict of the rows it concerns."""

    def __init__(self, folder: Path, machine: Machine, setting: BaselineKey) -> None:
        self.folder = folder
        self.machine = machine
        self.setting = setting
        self.path = store.path_of(folder, setting)
        self.baseline: Baseline | None = None
        self._fault: str | None = None
        self._references: dict[str, BaselineLevels] = {}
        try:
            found = store.find(folder, setting)
            self.path, self.baseline = found.path, found.baseline
        except BadBaseline as error:
            self._fault = str(error)

    def row(self, variant: Variant) -> BaselineRow | None:
        """What the baseline has of this variant, if it can be compared with."""
        row = self.baseline.rows.get(variant.name) if self.baseline else None
        return row if row and row.variant == specification(variant) else None

    def judge(self, rows: Iterable[MeasuredRow], looks: int = MAX_SESSIONS) -> dict[str, Verdict]:
        """The verdicts on the rows of this run, by name, where a row may have ``looks`` sessions."""
        judged = list(rows)
        count = max(1, sum(self.row(one.variant) is not None for one in judged))
        verdicts = {one.variant.name: self._judge_one(one, count, looks) for one in judged}
        return verdicts if any(map(self.package_changes, judged)) else excuse_drift(verdicts)

    def package_changes(self, judged: MeasuredRow) -> list[str]:
        """Return the packages that differ from those that the row's baseline was measured with."""
        row = self.row(judged.variant)
        return package_changes(row.stack["packages"], judged.stack.packages) if row else []

    def evidence_changes(self, judged: MeasuredRow) -> list[str]:
        """Return what differs in the worker's evidence from the baseline's, what costs most first."""
        row = self.row(judged.variant)
        if row is None or row.evidence is None or judged.evidence is None:
            return []
        return differences(row.evidence, judged.evidence)

    def is_same_software(self, judged: MeasuredRow) -> bool:
        """Whether the row runs what it ran when its baseline was measured: packages, the worker's code, kernels."""
        row = self.row(judged.variant)
        if row is None or row.worker != worker_digest() or row.evidence is None or judged.evidence is None:
            return False
        return not self.package_changes(judged) and not moved_kernels(row.evidence.kernels, judged.evidence.kernels)

    def changes_of(self, variant: Variant) -> list[Json]:
        """The updates that concerned this row, the latest last."""
        changes = self.baseline.changes if self.baseline else ()
        return [change for change in changes if variant.name in change["rows"]]

    def particular_changes(self) -> list[str]:
        """Particulars of the machine that are not those of the baseline."""
        theirs: Json = self.baseline.particulars if self.baseline else {}
        here = self.machine.particulars
        return [f"{name} {theirs[name]} -> {here[name]}" for name in here if theirs.get(name, here[name]) != here[name]]

    def _judge_one(self, judged: MeasuredRow, rows: int, looks: int) -> Verdict:
        name = judged.variant.name
        if judged.faults:
            return Verdict(kind=VerdictKind.INVALID, sentence="; ".join(judged.faults))
        if fault := self._fault or self._row_fault(name):
            return Verdict(
                kind=VerdictKind.INVALID, sentence=f"{fault}; restore it from version control, or record a new one"
            )
        row = self.row(judged.variant)
        if row is None:
            return Verdict(kind=VerdictKind.NO_BASELINE, sentence=self._why_no_baseline(judged.variant))
        if name not in self._references:
            self._references[name] = BaselineLevels.of(row.sessions)
        return judge(self._references[name], judged.sessions, rows=rows, looks=looks)

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
        other = [
            f"{key}: {row.variant.get(key)}, here {here[key]}" for key in here if row.variant.get(key) != here[key]
        ]
        return f"{self.path} was measured with another specification ({'; '.join(other) or 'of an older version'})"

    @functools.cached_property
    def _nearest(self) -> str:
        """The file with the fewest differences and the first of them; read once for all rows."""
        known = store.why_not(self.folder, lambda setting: setting.differences(self.setting))
        nearest = min(known, key=lambda pair: len(pair[1]), default=None)
        return f"; nearest is {nearest[0]} ({nearest[1][0]})" if nearest and nearest[1] else ""
