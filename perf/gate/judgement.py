"""What is said of a run's rows: the sessions of each, fresh ones where there is a suspicion, verdicts, acceptance."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import Any

from perf.errors import NotAccepted, WorkerError
from perf.gate import baseline, store
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.anchor_comparison import AnchorComparison
from perf.gate.baseline import BaselineKey, BaselineRow
from perf.measure.measurement import Inspection, Measurement
from perf.measure.run import Run
from perf.proof.proofs import Proofs
from perf.records.session_record import SessionRecord
from perf.spec.variant import Variant
from perf.stats.level import Powers, undisturbed
from perf.stats.verdict import Verdict, VerdictKind, counted
from perf.stats.watch import LATENCY


class Judgement:
    """Made with its run; judges when it is first asked, which is after all rows have been measured once."""

    def __init__(self, run: Run) -> None:
        self.verdicts: Mapping[str, Verdict] = {}
        self.gate = Gate(
            run.settings.baselines, run.machine, BaselineKey.of(run.machine, run.bench.model, run.bench.protocol)
        )
        self._run = run
        self._began = now()
        self._proofs = Proofs(run)
        self._settlement = AnchorComparison(run, self.gate)
        self._records: dict[str, list[SessionRecord]] = {}
        self._kept: dict[str, MutableMapping[str, Any]] = {}
        self._failed: dict[str, WorkerError] = {}

    def add(self, measurement: Measurement, inspection: Inspection, kept: MutableMapping[str, Any]) -> None:
        """Add a row's first session. ``kept`` is its JSON record, which the verdict will be added to."""
        self._kept[measurement.variant.name] = kept
        self._add_record(measurement, inspection)

    def settle(self, variant: Variant) -> Verdict | None:
        """The verdict on a row, or None if it was not measured. Raises the WorkerError that a fresh worker ended with.

        A row that may be slower is measured again by fresh workers, one of each such row in turn, so that the sessions
        of a row lie apart in time and its neighbours' drift is not taken for its own.
        """
        name = variant.name
        if name not in self._records and not self._run.has_row(variant):
            self._measure(variant)  # asked for alone, by --last-failed for example
        if name in self._records and name not in self.verdicts:
            self._judge()
            while pending := [one for one in self._run.variants if self._wants_session(one)]:
                for one in pending:
                    self._measure(one)
                self._judge()
            self._settle_suspicions()
        if name in self._failed:
            raise self._failed[name]
        return self.verdicts.get(name)

    def accept(self, variant: Variant) -> str:
        """Record the row's sessions as its baseline and say so in a line. Raises NotAccepted or BadBaseline.

        A row that moved takes the place of its old sessions, which is why a suspicion is settled here too.
        """
        verdict = self.verdicts[variant.name]
        if verdict.kind is VerdictKind.INVALID:
            raise NotAccepted(variant.name, f"not recorded: {verdict.sentence}")
        usable = [record for record in map(only_undisturbed, self._records[variant.name]) if record]
        if not usable:
            raise NotAccepted(
                variant.name,
                "not recorded: other work ran beside every session; see `python -m perf machine --check`, and measure "
                "again",
            )
        accepted = partial(
            baseline.accept,
            setting=self.gate.setting,
            particulars=self._run.machine.particulars,
            name=variant.name,
            row=BaselineRow.of(variant, self._run.stacks[variant.stack], usable, self._proofs.evidence(variant.name)),
            why=self._run.settings.why or "",
            when=self._began,
            afresh=verdict.moved,
        )
        written = store.update(self.gate.path, accepted).rows[variant.name]
        return f"{variant.name}: {counted(len(usable))} recorded, now {len(written.sessions)} in {self.gate.path}"

    @property
    def judged_rows(self) -> list[MeasuredRow]:
        """The measured rows, in the order of the ladder."""
        return [self.judged_row(variant) for variant in self._run.variants if variant.name in self._records]

    def judged_row(self, variant: Variant) -> MeasuredRow:
        """What the row's verdict rests on."""
        name = variant.name
        return MeasuredRow(
            variant=variant,
            stack=self._run.stacks[variant.stack],
            sessions=self._records[name],
            faults=self._proofs.faults(name),
            evidence=self._proofs.evidence(name),
        )

    def _measure(self, variant: Variant) -> None:
        """One more session of the row, by a fresh worker. If that fails, so has the row."""
        if missing := self._run.find_missing(variant):
            self._run.keep_reason(variant, f"skipped: {missing}")
            return
        try:
            with self._run.measuring(variant, len(self._records.get(variant.name, ())) + 1) as measurement:
                measurement.all_rounds()
                inspection = measurement.inspect()
        except WorkerError as error:
            self._records.pop(variant.name, None)
            self._failed[variant.name] = error
            return
        self._run.keep(measurement)
        self._add_record(measurement, inspection)

    def _add_record(self, measurement: Measurement, inspection: Inspection) -> None:
        records = self._records.setdefault(measurement.variant.name, [])
        records.append(SessionRecord.of(measurement.session, now()))
        self._proofs.add(measurement, inspection)

    def _wants_session(self, variant: Variant) -> bool:
        records = self._records.get(variant.name)
        if not records:
            return False
        settings = self._run.settings
        if settings.updates and len(records) < settings.sessions:
            return True
        return self.verdicts[variant.name].suspicious and len(records) < 1 + settings.fresh

    def _judge(self) -> None:
        """Judge every measured row anew."""
        self._proofs.complete()
        judged = self.judged_rows
        self.verdicts = self.gate.judge(judged, looks=1 + self._run.settings.fresh)
        for one in judged:
            name = one.variant.name
            self._kept.get(name, {}).update(
                self._proofs.to_json(name),
                verdict=self.verdicts[name].to_json(),
                differences=self.gate.evidence_changes(one),
                fresh_sessions=[record.to_json() for record in self._records[name][1:]],
                baseline=str(self.gate.path),
            )

    def _settle_suspicions(self) -> None:
        """Where the software differs, against the baseline's own; a baseline that is to be replaced settles nothing."""
        if self._run.settings.updates:
            return
        settled = {
            one.variant.name: self._settlement.settle(one, self.verdicts[one.variant.name]) for one in self.judged_rows
        }
        self.verdicts = {**self.verdicts, **settled}
        for name, verdict in settled.items():
            self._kept.get(name, {}).update(verdict=verdict.to_json(), **self._settlement.to_json(name))


def only_undisturbed(record: SessionRecord) -> SessionRecord | None:
    """The session without the rounds that other work ran beside, or None if too few are left to be read."""
    calm = dataclasses.replace(record, rounds=tuple(undisturbed(record.rounds)))
    return calm if LATENCY.levels([calm], Powers()) else None


def now() -> str:
    """ISO 8601, to the second, UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
