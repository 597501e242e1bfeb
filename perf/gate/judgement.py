"""The verdicts on a run: the sessions of each row, fresh ones where a slowdown is suspected, and acceptance."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from perf.compare.compared_row import ComparedRow
from perf.errors import BackendBroken, WorkerError
from perf.gate import acceptance, known_file
from perf.gate.acceptance import Occasion
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.anchor_plan import AnchorPlan
from perf.gate.anchored_run import AnchoredRun
from perf.gate.baseline_key import BaselineKey
from perf.gate.baseline_row import BaselineRow
from perf.gate.finished_row import finish, memory_alone
from perf.gate.journal import Journal
from perf.gate.proposal import Proposal, latest
from perf.gate.resumed_row import ResumedRow
from perf.measure.command import launch_here
from perf.measure.group import Group
from perf.measure.measurement import Inspection, Measurement
from perf.measure.pedantic import all_rounds
from perf.measure.run import Run
from perf.proof.proofs import Proofs
from perf.records.sample import Session
from perf.records.session_record import SessionRecord, now
from perf.spec.variant import Variant
from perf.stats.machine_verdict import MachineVerdict
from perf.stats.verdict import Verdict, VerdictKind


class Judgement:
    """The verdicts of one run, by row. They are given when the first is asked for, after all rows' first sessions.

    ``machine`` is the verdict on the machine, by all of them together. ``known_notes`` are lines on known regressions
    that nobody needs any more.
    """

    def __init__(self, run: Run) -> None:
        self.verdicts: Mapping[str, Verdict] = {}
        self.machine: MachineVerdict | None = None
        self.known_notes: Sequence[str] = ()
        key = BaselineKey.of(run.machine, run.bench.model, run.bench.protocol)
        self.gate = Gate(run.settings.baselines, run.workers_machine, key, run.settings.tolerances)
        self._run = run
        self._began = now()
        self._proofs = Proofs(run)
        self._plan = AnchorPlan(run, self.gate)
        self._journal = Journal(run, self.gate)
        self._paired: dict[str, ComparedRow] = {}
        self._caveats: dict[str, Sequence[str]] = {}
        self._sessions: dict[str, list[SessionRecord]] = {}
        self._extra_info: dict[str, MutableMapping[str, Any]] = {}
        self._errors: dict[str, WorkerError] = {}
        codename = run.machine.codename.key
        self._known = known_file.find(run.settings.baselines, codename, run.settings.ladder, run.variants)

    def has_baseline(self, variant: Variant) -> bool:
        """Return whether there is a row that the variant is to be judged by."""
        return not self._run.settings.updates and self.gate.baseline_row(variant) is not None

    def anchored_run(self, variant: Variant) -> AnchoredRun | None:
        """Return the measurement of a row that is judged in pairs with its anchor, not yet begun; else None."""
        return self._plan.anchored_run(variant)

    def resumed_row(self, variant: Variant) -> ResumedRow | None:
        """Return the row as a run that was cut has measured it, if this run is to go on with that; else None."""
        row = self._journal.finished(variant)
        return ResumedRow(row, self._run.bench.progress) if row else None

    def add(
        self, measured: Measurement | Group | AnchoredRun | ResumedRow, extra_info: MutableMapping[str, Any]
    ) -> None:
        """Add a row's first session, and its pairs if it has some. Raises a WorkerError.

        The verdict will be added to ``extra_info``, the row's record in the run's JSON.
        """
        variant = measured.variant
        self._extra_info[variant.name] = extra_info
        if isinstance(measured, ResumedRow):
            row, inspection = measured.row, self._journal.inspection(measured.row)
        else:
            row, inspection = finish(measured, self._run)
        if row.paired:
            self._paired[variant.name] = row.paired
        if row.caveats:
            self._caveats[variant.name] = row.caveats
        self._add_session(variant, row.session, inspection, row.recorded)
        extra_info.update(self._run.keep(variant, row.session))
        self._journal.keep(row, inspection.outcome)

    def end(self) -> None:
        """Forget what is kept for a run that is cut, if this one was not."""
        self._journal.end()

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
                self._measure_again(each)
            self._judge()
        self._judge_machine()

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
        return self.unmeasurable.get(variant.name) or self.verdicts.get(variant.name)

    @property
    def unmeasurable(self) -> dict[str, Verdict]:
        """The verdicts on rows that are invalid without a session: their backends have broken the contract."""
        return {
            variant.name: Verdict(kind=VerdictKind.INVALID, sentence=reason)
            for variant in self._run.variants
            if (reason := self._run.why_invalid(variant))
        }

    def accept(self, variant: Variant) -> str:
        """Record the row's sessions as its baseline, and return a line that says so.

        A row that moved takes the place of its old sessions, so that a suspicion is followed up before, as in any run.

        Raises:
            NotAccepted: the row is invalid, other work disturbed all of its sessions, or the baseline has them already.
            BadBaseline: the file cannot be read or written.
        """
        settings = self._run.settings
        occasion = Occasion(
            key=self.gate.key,
            particulars=self._run.machine.particulars,
            why=settings.why or "",
            when=self._began,
        )
        proposal = self.proposal(self.measured_row(variant))
        (line,) = acceptance.record(self.gate.path, [proposal], occasion, settings.tolerances)
        return line

    def proposal(self, row: MeasuredRow) -> Proposal:
        """Return what a baseline would get of a judged row."""
        launch = launch_here(row.variant, row.stack, self._run.workers_machine)
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
            paired=self._paired.get(name),
            caveats=self._caveats.get(name, ()),
        )

    def _measure(self, variant: Variant) -> None:
        """Measure a row that no test has measured; if that fails, so does the row."""
        if missing := self._run.find_missing(variant):
            self._run.keep_reason(variant, f"skipped: {missing}")
            return
        if resumed := self.resumed_row(variant):
            self.add(resumed, {})
            return
        with self._noting_errors(variant):
            if anchored := self.anchored_run(variant):
                all_rounds(anchored)
                self.add(anchored, {})
                return
            with self._run.measuring(variant) as measurement:
                all_rounds(measurement)
                self.add(measurement, {})

    def _measure_again(self, variant: Variant) -> None:
        """Measure one more session of a row by a fresh worker; if that fails, so does the row."""
        number = len(self._sessions[variant.name]) + 1
        with self._noting_errors(variant), self._run.measuring(variant, number) as measurement:
            all_rounds(measurement)
            self._add_session(variant, measurement.session, measurement.inspect())

    @contextlib.contextmanager
    def _noting_errors(self, variant: Variant) -> Iterator[None]:
        """Note that a row's worker has failed, which is its verdict."""
        try:
            yield
        except BackendBroken as error:
            self._sessions.pop(variant.name, None)
            self._run.keep_invalid(variant, error.headline)
        except WorkerError as error:
            self._sessions.pop(variant.name, None)
            self._errors[variant.name] = error

    def _add_session(
        self, variant: Variant, session: Session, inspection: Inspection, recorded: str | None = None
    ) -> None:
        """Add a session that was ``recorded`` at that time, in ISO 8601, or just now."""
        self._sessions.setdefault(variant.name, []).append(SessionRecord.of(session, recorded or now()))
        self._proofs.add(variant, session, inspection)
        if reason := self._plan.why_memory_alone(variant.name):
            self._caveats[variant.name] = (memory_alone(reason),)

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
        self._settle_known()
        for row in rows:
            name = row.variant.name
            self._extra_info.get(name, {}).update(
                self._proofs.to_json(name),
                **self.proposal(row).to_json(),
                differences=self.gate.evidence_changes(row),
                software_changes=self.gate.software_changes(row.variant, row.stack),
                anchor=self.gate.anchor(row.variant),
                same_software=self.gate.is_same_software(row),
                paired=row.paired and row.paired.to_json(),
                fresh_sessions=[session.to_json() for session in self._sessions[name][1:]],
                baseline=str(self.gate.path),
            )

    def _judge_machine(self) -> None:
        """Judge the machine by all measured rows, unless the run replaces the baseline anyway."""
        if not self._run.settings.updates:
            tolerance = self._run.settings.machine_tolerance
            self.machine = self.gate.judge_machine(self.measured_rows, tolerance, self.verdicts)

    def _settle_known(self) -> None:
        """Let what is known of regressed rows have its say, unless the run replaces the baseline anyway."""
        if self._run.settings.updates:
            return
        today = datetime.datetime.now(datetime.UTC).date()
        self.verdicts = self._known.settle(self.verdicts, today)
        self.known_notes = self._known.notes(self.verdicts, today)
