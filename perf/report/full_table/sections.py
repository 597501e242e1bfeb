"""The columns of the full table: four tables, each narrow enough for 80 columns, and what their columns mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perf.proof.fidelity import SAME_DB
from perf.records.part import Part
from perf.report import ladder_table
from perf.report.explain import of_peak
from perf.report.full_table.row import CheckedClaims, FullRow
from perf.report.full_table.table import FullTable
from perf.report.seconds_parts import ALL

NOTHING = "-"  # in the place of a figure that is not known
GIB = 1024**3
LEAST_SHARE = 0.005  # of a type, to be named: what rounds to 1 %


@dataclass(frozen=True, kw_only=True)
class Section:
    """One of the tables: its headings, what makes the cells of a row, and the meaning of the columns.

    ``left`` columns are aligned to the left, and ``code`` are the numbers of those that hold names of programs.
    """

    title: str
    headings: tuple[str, ...]
    cells: Callable[[FullRow], tuple[str, ...]]
    meaning: str
    left: int = 1
    code: tuple[int, ...] = (0,)


def speed_cells(row: FullRow) -> tuple[str, ...]:
    """Return how fast a row is, and what it takes of the memory."""
    return (
        row.base_name,
        ladder_table.seconds(row.latency_s),
        ladder_table.interval(row.interval),
        NOTHING if row.speed_up is None else f"{row.speed_up:.2f}x",
        f"{row.peak_rss_bytes / GIB:.1f}" if row.peak_rss_bytes else NOTHING,
        NOTHING if row.verdict is None else str(row.verdict),
    )


def parts_cells(row: FullRow) -> tuple[str, ...]:
    """Return where a row's seconds go; ALL has the parts in the order of the columns."""
    text_encoder, *others = (seconds(row.seconds.get(label)) for label in ALL)
    return row.base_name, text_encoder, seconds(row.step_s), NOTHING if row.calls is None else str(row.calls), *others


def seconds(value: float | None) -> str:
    """Format a time of a part: with a digit more below a hundredth of a second."""
    if value is None:
        return NOTHING
    return f"{value:.4f}" if 0 < value < 0.01 else ladder_table.seconds(value)


def proof_cells(row: FullRow) -> tuple[str, ...]:
    """Return what a row proves: how near the peak, how near eager float32's image, what it claims."""
    reached = (row.reached.get(part) for part in (Part.UNET_STEP, Part.VAE_DECODE))
    psnr_db, ssim, error = (row.fidelity.get(name) for name in ("psnr_db", "ssim", "latents_error"))
    return (
        row.base_name,
        *(NOTHING if share is None else of_peak(share) for share in reached),
        NOTHING if psnr_db is None else "equal" if psnr_db == SAME_DB else f"{psnr_db:.1f}",
        NOTHING if ssim is None else f"{ssim:.4f}",
        NOTHING if error is None else f"{error:.2%}",
        claims_cell(row.claims),
    )


def claims_cell(claims: CheckedClaims | None) -> str:
    """Return how many claims hold, or which do not."""
    if claims is None:
        return NOTHING
    if claims.broken:
        return f"not {', '.join(claims.broken)}" if claims.checked else ", ".join(claims.broken)
    return f"all {claims.checked}" if claims.checked else "all"


def kernel_cells(row: FullRow) -> tuple[str, ...]:
    """Return in which types a row multiplies, and with which kernel for most of the time."""
    products = row.products
    if products is None:
        return row.base_name, NOTHING, NOTHING
    types = [f"{name} {share:.0%}" for name, share in products.types.items() if share >= LEAST_SHARE]
    return row.base_name, ", ".join(types), f"{products.kernel} {products.kernel_share:.0%}"


SECTIONS = (
    Section(
        title="Speed",
        headings=("variant", "s/image", "interval", "speed-up", "GiB", "verdict"),
        cells=speed_cells,
        meaning=(
            "s/image: seconds per image, the median of the timed ones. interval: of that median, distribution-free, "
            "{confidence}. speed-up: over eager-fp32. GiB: peak memory of one image. verdict: beside the machine's "
            "baseline."
        ),
    ),
    Section(
        title="Parts",
        headings=("variant", "text", "UNet step", "calls", "UNet", "VAE", "checker", "rest"),
        cells=parts_cells,
        meaning=(
            "Seconds of an image: text encoder, one UNet step, its calls, all of them, VAE decode, safety checker, and "
            "what these medians leave of the whole."
        ),
    ),
    Section(
        title="Proof",
        headings=("variant", "peak UNet", "peak VAE", "PSNR", "SSIM", "latents", "claims"),
        cells=proof_cells,
        meaning=(
            "peak: share of the machine's peak that a UNet step and the VAE's decoding reached; above 100 %, with a "
            "question mark, what was measured as the peak is none. PSNR (dB), SSIM, latents (relative error): how far "
            "the image is from eager float32's. claims: whether the row is what it says."
        ),
    ),
    Section(
        title="Kernels",
        headings=("variant", "multiplies in", "most time in"),
        cells=kernel_cells,
        meaning=(
            "Shares of the time in matrix products and convolutions: by the type of what is multiplied, and of the "
            "kernel that takes most of it."
        ),
        left=3,
        code=(0, 2),
    ),
)


def meaning(section: Section, table: FullTable) -> str:
    """Return what a section's columns mean, in this table."""
    return section.meaning.format(confidence=ladder_table.confidence_range(row.interval for row in table.rows))


def below(table: FullTable) -> Sequence[tuple[str, str]]:
    """Return what is to be said of single rows: the row, what was seen of a claim that does not hold, or why none was.

    Those that the run does not have, for whatever reason, are named together.
    """
    lines = []
    for row in table.rows:
        for name, sentence in row.claims.broken.items() if row.claims else ():
            lines.append((row.name, f"{name}: {sentence}"))
    lines += table.reasons.items()
    return [*lines, ("not in this run", ", ".join(table.absent))] if table.absent else lines
