"""What a recorded run shows of each row: where its time went, with which kernels, how near the machine's limit.

A run is pytest-benchmark's JSON, as ``tox run -e perf`` keeps it under results/.
"""

from __future__ import annotations

import json
import statistics
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from perf.errors import BadRun
from perf.host.stack import package_changes
from perf.proof.attribution import differences
from perf.proof.claims import Claim, failed
from perf.proof.fidelity import Fidelity
from perf.proof.roofline import Reached, reached
from perf.records.evidence import LOOKED_AT, Evidence, Kernel, share
from perf.records.part import Part
from perf.records.sample import Session
from perf.records.work import Work
from perf.report.tables import aligned

HEADINGS = ("variant", "bf16", "UNet", "VAE", "all", "PSNR", "SSIM", "latents", "claims")
COLUMNS = (
    "bf16: share of the time in matrix products and convolutions that is in bfloat16. UNet, VAE, all: share of the "
    "machine's peak that a UNet step, the VAE's decoding and a whole generation reached. PSNR (dB), SSIM, latents "
    "(relative error): how far the image is from eager float32's. claims: that hold, of those that were made."
)
KERNELS_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One row of a recorded run."""

    name: str
    session: Session
    evidence: Evidence
    claims: tuple[Claim, ...]
    fidelity: Fidelity | None
    work: Mapping[str, Work]
    packages: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.session.samples or not self.claims:
            raise ValueError(f"{self.name} has no samples or no claims")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            name=data["variant"]["name"],
            session=Session.from_json(data["session"]),
            evidence=Evidence.from_json(data["evidence"]),
            claims=tuple(Claim(**claim) for claim in data["claims"]),
            fidelity=Fidelity.from_json(data["fidelity"]) if data["fidelity"] else None,
            work={part: Work.from_json(work) for part, work in data["work"].items()},
            packages=data["stack"]["packages"],
        )

    @property
    def latency_s(self) -> float:
        """Median of the timed rounds."""
        return statistics.median(sample.latency_s for sample in self.session.samples)

    @property
    def unet_calls(self) -> int:
        """In one generation."""
        return len(self.session.samples[0].parts.unet_steps_s)

    @property
    def part_times_s(self) -> dict[Part, float]:
        """Median seconds of one call of each part, over the timed rounds; the text encoder's calls together."""
        parts = [sample.parts for sample in self.session.samples]
        return {
            Part.TEXT_ENCODER: statistics.median(one.text_encoder_s for one in parts),
            Part.UNET_STEP: statistics.median(step for one in parts for step in one.unet_steps_s),
            Part.VAE_DECODE: statistics.median(one.vae_decode_s for one in parts),
            Part.SAFETY_CHECKER: statistics.median(one.safety_checker_s for one in parts),
        }

    @property
    def reached(self) -> dict[Part, Reached]:
        """What each part reached of the machine's peak, where its work is known."""
        return {
            part: reached(part, self.work[part.work_key], time_s, self.evidence)
            for part, time_s in self.part_times_s.items()
            if part.work_key in self.work and time_s
        }

    @property
    def share(self) -> float:
        """The share of the peak that a whole generation reached, by the parts whose work is known."""
        calls = {Part.UNET_STEP: self.unet_calls}
        return sum(one.least_s * calls.get(part, 1) for part, one in self.reached.items()) / self.latency_s


def read(path: Path) -> list[Explained]:
    """The rows of a recorded run that hold evidence. Raises BadRun, which names the file."""
    try:
        benchmarks = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]
        rows = [one["extra_info"] for one in benchmarks if "evidence" in one["extra_info"]]
        found = [Explained.from_json(row) for row in rows]
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise BadRun(f"{path} is no recorded run of this suite: {error!r}") from None
    if not found:
        raise BadRun(f"{path} holds no row with evidence; a run of `tox run -e perf` does")
    return found


def summary(rows: Iterable[Explained], width: int) -> list[str]:
    """A line per row, and what the columns mean."""
    return [
        *aligned(HEADINGS, [cells(row) for row in rows], width),
        *textwrap.wrap(COLUMNS, width),
    ]


def cells(row: Explained) -> tuple[str, ...]:
    """The texts of a row, in the order of HEADINGS."""
    products = [kernel for kernel in row.evidence.kernels if kernel.is_product]
    in_bf16 = share(products, [kernel for kernel in products if kernel.in_bf16])
    image = row.fidelity
    return (
        row.name,
        "-" if in_bf16 is None else f"{in_bf16:.0%}",
        *(f"{row.reached[part].share:.0%}" if part in row.reached else "-" for part in LOOKED_AT),
        f"{row.share:.0%}" if row.reached else "-",
        *((f"{image.psnr_db:.1f}", f"{image.ssim:.4f}", f"{image.latents_error:.2%}") if image else ("-", "-", "-")),
        f"{len(row.claims) - len(failed(row.claims))}/{len(row.claims)}",
    )


def explain(row: Explained) -> Iterator[str]:
    """All that the run shows of one row."""
    yield f"{row.name}: {row.latency_s:.4g} s/image, median of {len(row.session.samples)}"
    yield "  claims"
    width = max(len(claim.name) for claim in row.claims)
    yield from (f"    {'ok ' if claim.holds else 'NOT'} {claim.name:{width}}  {claim.says}" for claim in row.claims)
    peak = row.evidence.peak
    yield (
        f"  reached, of a peak of {peak.fp32_flop_per_s / 1e9:.0f} GFLOP/s in f32, {peak.bf16_flop_per_s / 1e9:.0f} in "
        f"bf16, {peak.memory_bytes_per_s / 1e9:.0f} GB/s"
    )
    for part, one in row.reached.items():
        yield (
            f"    {part:14}  {one.time_s:9.4g} s  {one.flop_per_s / 1e9:7.0f} GFLOP/s  "
            f"{one.share:4.0%} of the peak in {one.precision}"
        )
    for part in LOOKED_AT:
        yield f"  kernels of one {part}"
        yield from (f"    {line}" for line in kernels(row.evidence.kernels, part))


def kernels(found: Iterable[Kernel], part: str) -> list[str]:
    """The longest of a part, each with its share of the part's time in kernels, and how many more there are."""
    listed = [kernel for kernel in found if kernel.part == part]
    total_s = sum(kernel.time_s for kernel in listed)
    lines = [
        f"{kernel.time_s / total_s:4.0%}  {kernel.count:4} {kernel.operation} {kernel.implementation} {kernel.types}"
        for kernel in listed[:KERNELS_SHOWN]
        if total_s
    ]
    rest = listed[KERNELS_SHOWN:]
    if rest:
        lines.append(f"{sum(kernel.time_s for kernel in rest) / (total_s or 1):4.0%}  {len(rest)} other kinds")
    return lines


def against(row: Explained, other: Explained) -> Iterator[str]:
    """Yield what differs in ``row`` from ``other``: parts, kernels and settings, image, packages."""
    change = row.latency_s / other.latency_s - 1
    yield f"{row.name}: {other.latency_s:.4g} -> {row.latency_s:.4g} s/image, {change:+.1%}"
    before, after = (
        {**{str(part): time_s for part, time_s in one.part_times_s.items()}, "load": one.session.load_s}
        for one in (other, row)
    )
    for part, time_s in after.items():
        if before[part]:  # a checkpoint may have no safety checker
            yield f"    {part:14}  {before[part]:9.4g} s -> {time_s:9.4g} s  {time_s / before[part] - 1:+.1%}"
    for sentence in differences(other.evidence, row.evidence) or ["kernels and settings are the same"]:
        yield f"    {sentence}"
    if row.fidelity != other.fidelity:
        yield f"    image: {other.fidelity} -> {row.fidelity}"
    yield from (f"    {change}" for change in package_changes(other.packages, row.packages))
