"""What a recorded run shows of each row: where its time went, with which kernels, how near the machine's limit."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from perf.history.recorded_run import EvidencedRow
from perf.host.stack import package_changes
from perf.proof.attribution import differences
from perf.proof.claims import failed
from perf.proof.roofline import BYTES
from perf.records.counts import Counts
from perf.records.evidence import LOOKED_AT, Kernel, share
from perf.records.part import Part
from perf.records.sample import Session
from perf.records.session_record import Round
from perf.report.tables import aligned
from perf.report.throughput_table import percentiles
from perf.stats.instruction_change import Cost, change_of, describe
from perf.stats.watch import INSTRUCTIONS

HEADINGS = ("variant", "low", "UNet", "VAE", "all", "PSNR", "SSIM", "latents", "claims")
COLUMNS = (
    "low: share of the time in matrix products and convolutions that is in a precision below float32 (bf16, fp16, "
    "int8). UNet, VAE, all: share of the "
    "machine's peak that a UNet step, the VAE's decoding and a whole generation reached; above 100 %, with a question "
    "mark, what was measured as the peak is none. PSNR (dB), SSIM, latents "
    "(relative error): how far the image is from eager float32's. claims: how many hold, of those checked."
)
KERNELS_SHOWN = 6
GHZ = 1e9


def summary(rows: Iterable[EvidencedRow], width: int) -> list[str]:
    """Return a table with a line per row, and what its columns mean."""
    return [*aligned(HEADINGS, [cells(row) for row in rows], width), *textwrap.wrap(COLUMNS, width)]


def cells(row: EvidencedRow) -> tuple[str, ...]:
    """Return the texts of a row, in the order of HEADINGS."""
    products = [kernel for kernel in row.evidence.kernels if kernel.is_product]
    narrow = share(products, [kernel for kernel in products if kernel.precision != "f32"])
    return (
        row.name,
        "-" if narrow is None else f"{narrow:.0%}",
        *(of_peak(row.reached[part].share) if part in row.reached else "-" for part in LOOKED_AT),
        of_peak(row.peak_share) if row.reached else "-",
        *fidelity_cells(row),
        f"{len(row.claims) - len(failed(row.claims))}/{len(row.claims)}",
    )


def of_peak(share: float) -> str:
    """Return a share of the machine's peak; one above the whole with a question mark, since that was no peak."""
    return f"{share:.0%}" if share <= 1 else f"{share:.0%}?"


def fidelity_cells(row: EvidencedRow) -> tuple[str, str, str]:
    """Return PSNR, SSIM and the latents' error, or dashes where no image was compared."""
    image = row.fidelity
    if image is None:
        return ("-", "-", "-")
    return f"{image.psnr_db:.1f}", f"{image.ssim:.4f}", f"{image.latents_error:.2%}"


def explain(row: EvidencedRow) -> Iterator[str]:
    """Yield the lines that show all that the run holds of one row."""
    yield f"{row.name}: {row.latency_s:.4g} s/image, median of {len(row.latencies_s)}"
    if row.verdict:
        yield f"  {row.verdict}"
    yield from energy_lines(row)
    yield from (f"  {line}" for line in instance_lines(row.session))
    yield "  claims"
    width = max(len(claim.name) for claim in row.claims)
    for claim in row.claims:
        yield f"    {'ok ' if claim.holds else 'NOT'} {claim.name:{width}}  {claim.sentence}"
    peak = row.largest_peak
    known = {precision: peak.flop_per_s(precision) for precision in BYTES}
    peaks = ", ".join(f"{flop_per_s / 1e9:.0f} GFLOP/s in {name}" for name, flop_per_s in known.items() if flop_per_s)
    yield f"  reached, of a peak of {peaks} and {peak.memory_bytes_per_s / 1e9:.0f} GB/s"
    for part, limit in row.reached.items():
        yield (
            f"    {part:14}  {limit.time_s:9.4g} s  {limit.flop_per_s / 1e9:7.0f} GFLOP/s  "
            f"{of_peak(limit.share):>4} of the peak in {limit.precision}"
        )
    yield from counted(row)
    for part in LOOKED_AT:
        yield f"  kernels of one {part}"
        yield from (f"    {line}" for line in kernel_lines(row.evidence.kernels, part))


def energy_lines(row: EvidencedRow) -> Iterator[str]:
    """Yield the joules of an image, those of the memory among them, and the watts; nothing where none were counted."""
    energies = [sample.energy for sample in row.session.samples if sample.energy]
    if not energies:
        return
    packages_j = statistics.median(energy.package_j for energy in energies)
    drams_j = [energy.dram_j for energy in energies if energy.dram_j is not None]
    memory = f" and {statistics.median(drams_j):.4g} J by their memory" if drams_j else ""
    yield f"  energy: {packages_j:.4g} J/image by the packages, {packages_j / row.latency_s:.0f} W{memory}"


def instance_lines(session: Session) -> Iterator[str]:
    """Yield a line for each of several workers side by side, with the latencies of its calls."""
    for number, instance in enumerate(session.instances, start=1):
        p50, p90, p99 = percentiles(instance.latencies_s)
        yield (
            f"instance {number} on CPUs {instance.cpus}: n {len(instance.latencies_s)}, "
            f"p50 {p50} s, p90 {p90} s, p99 {p99} s a call"
        )


def counted(row: EvidencedRow) -> Iterator[str]:
    """Yield what the kernel's counters say of an image, by part; nothing where the machine counts nothing."""
    known = [sample.counts for sample in row.session.samples if sample.counts]
    if not known:
        return
    yield f"  counted in an image, all threads, medians of {len(known)}"
    parts = [part for part in Part if any(part in counts.parts for counts in known)]
    for part in parts:
        yield count_line(part, [counts.parts[part] for counts in known if part in counts.parts])
    yield count_line("rest" if parts else "all parts", [counts.rest for counts in known])


def count_line(name: str, counts: Sequence[Counts]) -> str:
    """Return a part's counts, those that are known, by their medians."""
    values: dict[str, list[float | None]] = {
        "instructions": [each.instructions for each in counts],
        "per cycle": [each.instructions_per_cycle for each in counts],
        "GHz": [each.clock_hz and each.clock_hz / GHZ for each in counts],
        "cache misses": [each.cache_misses for each in counts],
        "page faults": [each.page_faults for each in counts],
        "s of CPU time": [each.task_clock_s for each in counts],
    }
    medians = {unit: median_of(of_unit) for unit, of_unit in values.items()}
    figures = [f"{value:.4g} {unit}" for unit, value in medians.items() if value is not None]
    return f"    {name:14}  {', '.join(figures)}"


def median_of(values: Iterable[float | None]) -> float | None:
    """Return the median of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def kernel_lines(kernels: Sequence[Kernel], part: str) -> list[str]:
    """Return the longest kernels of a part, each with its share of the part's time in kernels, and the rest together.

    The kernels come longest first.
    """
    listed = [kernel for kernel in kernels if kernel.part == part]
    total_s = sum(kernel.time_s for kernel in listed)
    if not total_s:
        return []
    lines = [
        f"{kernel.time_s / total_s:4.0%}  {kernel.count:4} {kernel.operation} {kernel.implementation} {kernel.types}"
        for kernel in listed[:KERNELS_SHOWN]
    ]
    rest = listed[KERNELS_SHOWN:]
    if rest:
        rest_s = sum(kernel.time_s for kernel in rest)
        lines.append(f"{rest_s / total_s:4.0%}  {len(rest)} other kinds")
    return lines


def against(row: EvidencedRow, other: EvidencedRow) -> Iterator[str]:
    """Yield what differs in ``row`` from ``other``: parts, kernels and settings, image, packages."""
    change = row.latency_s / other.latency_s - 1
    yield f"{row.name}: {other.latency_s:.4g} -> {row.latency_s:.4g} s/image, {change:+.1%}"
    before_s, after_s = times_s(other), times_s(row)
    for part, time_s in after_s.items():
        if before_s.get(part):  # a checkpoint may have no safety checker, and a worker have loaded for another setting
            yield f"    {part:14}  {before_s[part]:9.4g} s -> {time_s:9.4g} s  {time_s / before_s[part] - 1:+.1%}"
    yield from (f"    {line}" for line in count_changes(row, other))
    for sentence in differences(other.evidence, row.evidence) or ["kernels and settings are the same"]:
        yield f"    {sentence}"
    if row.fidelity != other.fidelity:
        yield f"    image: {other.fidelity} -> {row.fidelity}"
    yield from (f"    {change}" for change in package_changes(other.packages, row.packages))


def count_changes(row: EvidencedRow, other: EvidencedRow) -> Iterator[str]:
    """Yield what the counters say of the change, if both runs have counts: software, spinning, or the machine."""
    after, before = (Cost.of([Round.of(sample) for sample in each.session.samples]) for each in (row, other))
    if before and after:
        yield describe(before, after, change_of(before, after, INSTRUCTIONS.tolerance))


def times_s(row: EvidencedRow) -> dict[str, float]:
    """Return the median seconds of each part, and those of loading where the session had a load of its own."""
    load_s = {} if row.session.load_s is None else {"load": row.session.load_s}
    return {str(part): time_s for part, time_s in row.part_times_s.items()} | load_s
