"""What the full table says of one row, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from perf.gate.baseline_key import Json
from perf.history.night import Night, NightRow
from perf.history.recorded_run import EvidencedRow, RecordedRow
from perf.proof.claims import failed
from perf.records.part import Part
from perf.report.full_table.products import Products
from perf.report.kept_evidence import evidence_of
from perf.report.seconds_parts import seconds_by_part, unet_calls
from perf.stats.intervals import Interval
from perf.stats.verdict import VerdictKind


@dataclass(frozen=True, kw_only=True)
class CheckedClaims:
    """The claims of a row: how many were ``checked``, None where only the verdict is kept, and those that do not hold.

    ``broken`` maps the names of those to what was seen; of a kept verdict, ``invalid`` to its sentence.
    """

    checked: int | None
    broken: Mapping[str, str]

    @classmethod
    def of(cls, row: NightRow, recorded: RecordedRow | None) -> Self | None:
        """Return the claims of a run's row; of a history's what its verdict says of them, None without a verdict.

        A row with a claim that does not hold is invalid (perf.gate.against_baseline), so that all hold of any other.
        """
        if isinstance(recorded, EvidencedRow):
            broken = {claim.name: claim.sentence for claim in failed(recorded.claims)}
            return cls(checked=len(recorded.claims), broken=broken)
        if row.verdict is None:
            return None
        is_invalid = row.verdict.kind is VerdictKind.INVALID
        return cls(checked=None, broken={str(row.verdict.kind): row.verdict.sentence} if is_invalid else {})


@dataclass(frozen=True, kw_only=True)
class FullRow:
    """One row. What is None, or not in a mapping, was not measured or is not kept.

    Attributes:
        latency_s: seconds per image, the median of the timed rounds, in ``interval``.
        speed_up: how many times as fast as eager fp32 of the same run.
        step_s: seconds of one call of the UNet, of which an image takes ``calls``.
        seconds: those of an image by part, by the labels of perf.report.seconds_parts; the rest is what the others'
            medians leave of the whole's, which may be nothing.
        reached: the shares of the machine's peak, in 0..1, by the part's name.
        fidelity: the fields of perf.proof.fidelity.Fidelity.
    """

    name: str
    base_name: str
    setting: str
    latency_s: float
    interval: Interval
    speed_up: float | None
    verdict: VerdictKind | None
    peak_rss_bytes: float | None
    step_s: float | None
    calls: int | None
    seconds: Mapping[str, float]
    reached: Mapping[str, float]
    fidelity: Json
    claims: CheckedClaims | None
    products: Products | None

    @classmethod
    def of(cls, row: NightRow, night: Night, recorded: RecordedRow | None) -> Self:
        """Return what the table says of a night's row.

        Args:
            row: what is kept of it.
            night: the run that it is of.
            recorded: the same row in the run's own JSON; None where only a history has it.

        Raises BadHistory for evidence that cannot be read.
        """
        reference_s = night.reference_s(row)
        calls = recorded.unet_calls if recorded else unet_calls(row.parts_s, row.latency_s, night.steps_of(row))
        evidence = evidence_of(row.name, night.began, row.evidence)
        seconds = seconds_by_part(row.parts_s, row.latency_s, calls)
        return cls(
            name=row.name,
            base_name=row.base_name,
            setting=row.setting,
            latency_s=row.latency_s,
            interval=row.interval,
            speed_up=reference_s / row.latency_s if reference_s else None,
            verdict=row.verdict.kind if row.verdict else None,
            peak_rss_bytes=row.peak_rss_bytes,
            step_s=row.parts_s.get(Part.UNET_STEP) or None,
            calls=calls or None,
            seconds={label: time_s for label, time_s in seconds.items() if time_s},
            reached=row.reached,
            fidelity=row.fidelity or {},
            claims=CheckedClaims.of(row, recorded),
            products=Products.of(evidence, calls) if evidence else None,
        )
