"""The journal of a run: its rows as they are finished, kept until the whole run is, so that one that was cut can go on.

::

    unfinished/ROW-DIGEST/row.msgpack   the session, the evidence, and what its pairs have shown
    unfinished/ROW-DIGEST/outcome.npz   the image of its last generation

The digest is that of everything that decides what is measured, and what it is compared with: a row that would be
measured otherwise now is not found.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import msgspec

from perf.errors import BadRecord, NoSpace
from perf.gate.against_baseline import Gate
from perf.gate.baseline_row import specification
from perf.gate.finished_row import FinishedRow
from perf.gate.proposal import latest
from perf.host.cache import cache_dir, forget_unused, make_once
from perf.host.regular_file import read_bytes
from perf.host.worker_code import worker_digest
from perf.measure.command import launch_here
from perf.measure.measurement import Inspection
from perf.measure.run import Run
from perf.spec.variant import Variant

ROW, OUTCOME = "row.msgpack", "outcome.npz"
NEED_BYTES = 64 * 1024**2
MAX_BYTES = 256 * 1024**2
DIGITS = 16


class Journal:
    """The finished rows of a run; with ``--resume`` those of the last run that was cut as well."""

    def __init__(self, run: Run, gate: Gate) -> None:
        self._run = run
        self._gate = gate
        self._kept = {variant.name: row for variant in run.variants if (row := self._read(variant))}
        if self._kept:
            self._announce()

    def finished(self, variant: Variant) -> FinishedRow | None:
        """Return the variant's row of a run that was cut, if this run is to go on with it."""
        return self._kept.get(variant.name) if self._run.settings.resume else None

    def inspection(self, row: FinishedRow) -> Inspection:
        """Return what the worker of a kept row has shown of itself."""
        return Inspection(
            evidence=row.evidence,
            outcome=self._folder(row.variant) / OUTCOME,
            beside=row.beside,
            claims=row.claims,
        )

    def keep(self, row: FinishedRow, outcome: Path) -> None:
        """Keep a row, and the image of its last generation; the same row of an earlier run gives way.

        A row that cannot be kept is measured all the same: a line says so.
        """
        folder = self._folder(row.variant)
        if self._kept.get(row.variant.name) == row:
            return
        shutil.rmtree(folder, ignore_errors=True)

        def write(partial: Path) -> None:
            (partial / ROW).write_bytes(msgspec.msgpack.encode(row))
            shutil.copyfile(outcome, partial / OUTCOME)

        try:
            make_once(folder, write, NEED_BYTES)
            forget_unused(folder.parent)
        except (OSError, NoSpace) as error:
            self._run.say(f"{row.variant.name}: not kept for --resume: {error}")

    def end(self) -> None:
        """Forget the rows, if all of the run's rows are finished or cannot be measured here."""
        if all(map(self._run.has_row, self._run.variants)):
            for variant in self._run.variants:
                if variant.stack in self._run.stacks:
                    shutil.rmtree(self._folder(variant), ignore_errors=True)

    def _announce(self) -> None:
        """Say what is kept of a run that was cut, and until when it was measured."""
        until = max(row.recorded for row in self._kept.values())
        names = ", ".join(self._kept)
        if self._run.settings.resume:
            self._run.say(f"resumed from the run that was cut: {names}, measured until {until}")
        else:
            self._run.say(
                f"kept of a run that was cut: {names}, measured until {until}; --resume would go on with that"
            )

    def _read(self, variant: Variant) -> FinishedRow | None:
        """Return the variant's row that is kept; None where there is none, or one that is damaged."""
        if self._run.find_missing(variant):
            return None
        try:
            return msgspec.msgpack.decode(read_bytes(self._folder(variant) / ROW, MAX_BYTES), type=FinishedRow)
        except (OSError, msgspec.MsgspecError, BadRecord, ValueError):
            return None

    def _folder(self, variant: Variant) -> Path:
        return cache_dir() / "unfinished" / f"{variant.name}-{self._digest(variant)}"

    def _digest(self, variant: Variant) -> str:
        """Return the digest of what decides what is measured of the variant, and what it is compared with."""
        run, stack = self._run, self._run.stacks[variant.stack]
        before = self._gate.baseline_row(variant)
        whole = [
            dict(run.machine.fingerprint),
            run.bench.model.digest,
            run.bench.protocol.to_json(),
            specification(variant),
            stack.recipe,
            worker_digest(),
            launch_here(variant, stack, run.workers_machine).to_json(),
            [str(self._gate.path), latest(before)],
            [run.settings.updates, run.settings.judge, run.settings.pairs_budget_s],
        ]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:DIGITS]
