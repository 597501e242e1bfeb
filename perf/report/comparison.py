"""The comparison of two stacks, or of rows, for people: a table, and below it what changed and why."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from perf.compare.compared_row import ComparedRow
from perf.compare.run_comparison import RunComparison
from perf.measure.progress import duration
from perf.report.ladder_table import seconds
from perf.report.tables import aligned, markdown_table
from perf.stats.kept_pairs import kept_pairs
from perf.stats.paired_comparison import ALARM, LOOKS, MISS, TOLERANCE, PairedVerdict
from perf.stats.verdict import percent

HEADINGS = ("variant", "verdict", "candidate", "interval", "pairs", "workers", "reference s", "candidate s")
DIFFERENCES_SHOWN = 6
MORE_PAIRS = (
    "a larger --budget, or a calmer machine (python -m perf machine --check); "
    f"pairs are looked at {LOOKS} times at most"
)
NOTES = (
    "candidate: its latency against the reference's, with an interval that holds it",
    f"at every one of {LOOKS} looks with a probability of {100 * (1 - MISS):.0f} % on either side.",
    f"One that is as fast is called slower with a probability of {100 * ALARM:.0f} % at most.",
)


def notes(results: Sequence[ComparedRow]) -> list[str]:
    """Say what the columns mean, and how far apart rows may be to be called equivalent."""
    tolerances = {result.latency.tolerance for result in results if result.latency} or {TOLERANCE}
    limits = " or ".join(f"{100 * tolerance:g}" for tolerance in sorted(tolerances))
    whose = ", by row" if len(tolerances) > 1 else ""
    return [*NOTES, f"equivalent: within {limits} %{whose}."]


def cells(result: ComparedRow) -> tuple[str, ...]:
    """Return the texts of a row, in the order of HEADINGS."""
    latency = result.latency
    if latency is None:
        return (result.variant.name, str(result.verdict), "-", "-", "0", "0", "-", "-")
    reference_s, candidate_s = medians_s(result)
    return (
        result.variant.name,
        str(result.verdict),
        percent(latency.ratio),
        latency.interval,
        str(latency.pairs),
        str(latency.workers),
        seconds(reference_s),
        seconds(candidate_s),
    )


def medians_s(result: ComparedRow) -> tuple[float, float]:
    """Return the median seconds of an image in the pairs, the reference's and the candidate's."""
    kept = kept_pairs(result.pairs)
    return statistics.median(left.reference_s for left in kept), statistics.median(left.candidate_s for left in kept)


def details(result: ComparedRow) -> list[str]:
    """Return what a row's verdict rests on, a line each, the verdict first."""
    lines = [f"{result.variant.name}: {result.verdict}: {result.sentence}"]
    lines += [f"  moved: {part} {percent(change.ratio)} ({change.interval})" for part, change in result.moved]
    lines += [f"  {result.seems}"] if result.seems else []
    lines += [f"  differs: {difference}" for difference in result.differences[:DIFFERENCES_SHOWN]]
    if len(result.differences) > DIFFERENCES_SHOWN:
        lines.append(f"  differs: and {len(result.differences) - DIFFERENCES_SHOWN} more, all in the JSON")
    return lines + [f"  {line}" for line in about_pairs(result)]


def about_pairs(result: ComparedRow) -> list[str]:
    """Return what the pairs were like, a line each: images, width of the interval, what was set aside, their time."""
    lines = []
    if result.fidelity:
        lines.append(f"image against the reference's: {result.fidelity}")
    if result.widths:
        paired, unpaired = result.widths
        lines.append(
            f"95 % interval: {100 * paired:.1f} % wide in pairs; "
            f"{100 * unpaired:.1f} % if the same latencies were not paired"
        )
    if result.set_aside:
        lines.append(f"{result.set_aside}: other work ran at the same time")
    if result.latency and result.seconds is not None:
        sees = percent(result.latency.sees)
        lines.append(f"verdict after {duration(result.seconds)}; a slowdown of {sees} would have been found")
    if result.why_apart:
        lines.append(f"{result.why_apart}: whole sessions alternated")
    return lines


def failure(result: ComparedRow) -> str:
    """Explain to the reader of a CI log why a row fails; of one that is undecided, say what would decide it."""
    text = f"{result.variant.name}: {result.verdict}: {result.sentence}"
    if result.verdict is not PairedVerdict.UNDECIDED:
        return text
    return f"{text}\nto decide it: {MORE_PAIRS} (with --require-all a row must be decided)"


def terminal(compared: RunComparison, about: Sequence[str], width: int) -> list[str]:
    """Return the comparison in lines, its table of at most ``width`` columns; ``about`` are those on its sides."""
    results = list(compared.results.values())
    table = aligned(HEADINGS, map(cells, results), width) if results else ["no row could be compared"]
    below = [line for result in results for line in details(result)]
    return [*about, "", *table, "", *below, "", *notes(results)]


def markdown(compared: RunComparison, about: Sequence[str]) -> str:
    """Return the comparison for a pull request; ``about`` are the lines that say what was measured on what."""
    results = list(compared.results.values())
    lines = ["## Candidate over reference", "", *(f"- {line}" for line in about), ""]
    lines += markdown_table(HEADINGS, map(cells, results), left=2)
    lines += ["", *notes(results), ""]
    for result in results:
        first, *rest = details(result)
        lines += [f"- {first}", *(f"  - {line.strip()}" for line in rest)]
    return "\n".join(lines) + "\n"
