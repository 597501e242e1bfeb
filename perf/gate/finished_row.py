"""A row whose rounds are over: what its verdict rests on, whether it was measured now or before the run was cut."""

from __future__ import annotations

from dataclasses import dataclass

from perf.compare.compared_row import ComparedRow
from perf.gate.anchored_run import AnchoredRun
from perf.measure.group import Group
from perf.measure.measurement import Inspection, Measurement
from perf.measure.run import Run
from perf.records.claim import Claim
from perf.records.evidence import Evidence
from perf.records.sample import Session
from perf.records.session_record import now
from perf.spec.variant import Variant


@dataclass(frozen=True, kw_only=True)
class FinishedRow:
    """What a row's verdict rests on, but for fresh sessions.

    ``recorded`` is when the session ended, in ISO 8601. ``beside`` is the evidence of further instances, ``claims`` are
    those of a package's backend. ``paired`` and ``caveats`` are as in MeasuredRow.
    """

    variant: Variant
    session: Session
    recorded: str
    evidence: Evidence
    beside: tuple[Evidence, ...] = ()
    claims: tuple[Claim, ...] = ()
    paired: ComparedRow | None = None
    caveats: tuple[str, ...] = ()


def finish(measured: Measurement | Group | AnchoredRun, run: Run) -> tuple[FinishedRow, Inspection]:
    """Return a row whose rounds are over, and what its worker has shown of itself. Raises a WorkerError."""
    if isinstance(measured, AnchoredRun):
        return _finish_pairs(measured, run), measured.inspection
    inspection = measured.inspect()
    row = FinishedRow(
        variant=measured.variant,
        session=measured.session,
        recorded=now(),
        evidence=inspection.evidence,
        beside=inspection.beside,
        claims=inspection.claims,
    )
    return row, inspection


def _finish_pairs(anchored: AnchoredRun, run: Run) -> FinishedRow:
    """Return what the pairs have shown; where the first reference has failed, memory alone judges."""
    if estimate := run.bench.estimate:
        estimate.end_pairs(anchored.variant.name)
    result, caveats = anchored.result(), anchored.caveats
    if result is None and anchored.failure:
        caveats = (memory_alone(anchored.failure),)
    return FinishedRow(
        variant=anchored.variant,
        session=anchored.session,
        recorded=anchored.recorded or now(),
        evidence=anchored.inspection.evidence,
        beside=anchored.inspection.beside,
        claims=anchored.inspection.claims,
        paired=result,
        caveats=caveats,
    )


def memory_alone(reason: str) -> str:
    """Return the caveat of a row whose software has changed, or may have, and that has no pairs."""
    return f"by memory alone, which tells software from machine badly: {reason}"
