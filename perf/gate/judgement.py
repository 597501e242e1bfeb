"""The verdicts on a run: the sessions of each row, fresh ones where a slowdown is suspected, and acceptance."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from perf.errors import WorkerError
from perf.gate import acceptance, known_file
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.anchor_comparison import AnchorComparison
from perf.gate.baseline_key import BaselineKey
from perf.gate.baseline_row import BaselineRow
from perf.gate.proposal import Proposal, latest
from perf.measure.command import launch_here
from perf.measure.measurement import Inspection, Measurement
from perf.measure.run import Run
from perf.proof.proofs import Proofs
from perf.records.session_record import SessionRecord
from perf.spec.variant import Variant
from perf.stats.verdict import Verdict


class Judgement:
    """The verdicts of one run, by row. They are given when the first is asked for, after all rows' first sessions.

    ``known_notes`` are lines on known regressions that nobody needs any more.
    """

    def __init__(self, run: Run) -> None:
        self.verdicts: Mapping[str, Verdict] = {}
        self.known_notes: Sequence[str] = ()
        key = BaselineKey.of(run.machine, run.bench.model, run.bench.protocol)
        self.gate = Gate(run.settings.baselines, run.machine, key, run.settings.tolerances)
        self._run = run
        self._began = now()
        self._proofs = Proofs(run)
        self._anchor_comparison = AnchorComparison(run, self.gate)
        self._sessions: dict[str, list[SessionRecord]] = {}
        self._extra_info: dict[str, MutableMapping[str, Any]] = {}
        self._errors: dict[str, WorkerError] = {}
        self._known = known_file.find(run.settings.baselines, run.machine.codename.key)

    def add(self, measurement: Measurement, inspection: Inspection, extra_info: MutableMapping[str, Any]) -> None:
        """Add a row's first session; the verdict will be added to ``extra_info``, its record in the run's JSON."""
        self._extra_info[measurement.variant.name] = extra_info
        self._add_session(measurement, inspection)

    def complete(self, variant: Variant) -> None:
        """Measure whatever the row's verdict still lacks, which may take an hour, and judge.

        The first call judges all rows. Rows that may be slower are measured again by fresh workers, one of each such
        row in turn, so that the sessions of a row lie apart in time and its neighbours' drift is not taken for its own.
        """
        name = variant.name
        self._measure_missing()
        if name not in self._sessions or name in self.verdicts:
            return
        self._judge()
        while suspected := [variant for variant in self._run.variants if self._needs_session(variant)]:
            for each in suspected:
                self._measure(each)
            self._judge()
        self._compare_with_anchors()
        self._settle_known()

    def _measure_missing(self) -> None:
        """Measure the rows whose verdicts are asked for alone, by --last-failed for example, all before the first."""
        for variant in self._run.variants:
            name = variant.name
            if name not in self._sessions and name not in self._errors and not self._run.has_row(variant):
                self._measure(variant)

    def verdict(self, variant: Variant) -> Verdict | None:
        """Return the verdict on a completed row, or None if it was not measured.

        Raises the WorkerError that a fresh worker of the row ended with.
        """
        if variant.name in self._errors:
            raise self._errors[variant.name]
        return self.verdicts.get(variant.name)

    def accept(self, variant: Variant) -> str:
        """Record the row's sessions as its baseline, and return a line that says so.

        A row that moved takes the place of its old sessions, so that a suspicion is followed up before, as in any run.

        Raises:
            NotAccepted: the row is invalid, other work disturbed all of its sessions, or the baseline has them already.
            BadBaseline: the file cannot be read or written.
        """
        (line,) = acceptance.record(
            self.gate.path,
            [self.proposal(self.measured_row(variant))],
            key=self.gate.key,
            particulars=self._run.machine.particulars,
            why=self._run.settings.why or "",
            when=self._began,
            tolerances=self._run.settings.tolerances,
        )
        return line

    def proposal(self, row: MeasuredRow) -> Proposal:
        """Return what a baseline would get of a judged row."""
        launch = launch_here(row.variant, row.stack, self._run.machine)
        return Proposal(
            name=row.variant.name,
            row=BaselineRow.of(row.variant, row.stack, row.sessions, row.evidence, launch),
            verdict=self.verdicts[row.variant.name],
            baseline_until=latest(self.gate.baseline_row(row.variant)),
        )

    @property
    def measured_rows(self) -> list[MeasuredRow]:
        """The measured rows, in the order of the ladder."""
        return [self.measured_row(variant) for variant in self._run.variants if variant.name in self._sessions]

    def measured_row(self, variant: Variant) -> MeasuredRow:
        """Return what the row's verdict rests on."""
        name = variant.name
        return MeasuredRow(
            variant=variant,
            stack=self._run.stacks[variant.stack],
            sessions=self._sessions[name],
            faults=self._proofs.faults(name),
            evidence=self._proofs.evidence(name),
        )

    def _measure(self, variant: Variant) -> None:
        """Measure one more session of the row by a fresh worker; if that fails, so does the row."""
        if missing := self._run.find_missing(variant):
            self._run.keep_reason(variant, f"skipped: {missing}")
            return
        number = len(self._sessions.get(variant.name, ())) + 1
        try:
            with self._run.measuring(variant, number) as measurement:
                measurement.all_rounds()
                inspection = measurement.inspect()
        except WorkerError as error:
            self._sessions.pop(variant.name, None)
            self._errors[variant.name] = error
            return
        self._run.keep(measurement)
        self._add_session(measurement, inspection)

    def _add_session(self, measurement: Measurement, inspection: Inspection) -> None:
        sessions = self._sessions.setdefault(measurement.variant.name, [])
        sessions.append(SessionRecord.of(measurement.session, now()))
        self._proofs.add(measurement, inspection)

    def _needs_session(self, variant: Variant) -> bool:
        sessions = self._sessions.get(variant.name)
        if not sessions:
            return False
        settings = self._run.settings
        if settings.updates and len(sessions) < settings.sessions:
            return True
        return self.verdicts[variant.name].suspicious and len(sessions) < 1 + settings.fresh

    def _judge(self) -> None:
        """Judge every measured row by all of its sessions, and write that into the rows' records."""
        self._proofs.complete()
        rows = self.measured_rows
        self.verdicts = self.gate.judge(rows, looks=1 + self._run.settings.fresh)
        for row in rows:
            name = row.variant.name
            self._extra_info.get(name, {}).update(
                self._proofs.to_json(name),
                **self.proposal(row).to_json(),
                differences=self.gate.evidence_changes(row),
                fresh_sessions=[session.to_json() for session in self._sessions[name][1:]],
                baseline=str(self.gate.path),
            )

    def _compare_with_anchors(self) -> None:
        """Compare slower rows with the stack of their baseline, unless the run replaces the baseline anyway."""
        if self._run.settings.updates:
            return
        verdicts = dict(self.verdicts)
        for row in self.measured_rows:
            name = row.variant.name
            verdicts[name] = self._anchor_comparison.reconsider(row, verdicts[name])
            paired = self._anchor_comparison.to_json(name)
            self._extra_info.get(name, {}).update(verdict=verdicts[name].to_json(), **paired)
        self.verdicts = verdicts

    def _settle_known(self) -> None:
        """Let what is known of regressed rows have its say, unless the run replaces the baseline anyway."""
        if self._run.settings.updates:
            return
        paired, today = self._anchor_comparison.results, datetime.datetime.now(datetime.UTC).date()
        self.verdicts = self._known.settle(self.verdicts, paired, today)
        self.known_notes = self._known.notes(self.verdicts, paired, today)
        for name, verdict in self.verdicts.items():
            self._extra_info.get(name, {}).update(verdict=verdict.to_json())


def now() -> str:
    """Return the time in UTC, in ISO 8601 to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
