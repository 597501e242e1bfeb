"""What the upgrade check has found, for people: a table, and below it what changed and why."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from perf.compare.compared_row import ComparedRow
from perf.compare.stack_comparison import StackComparison
from perf.compare.stack_pair import Role
from perf.report.ladder_table import seconds
from perf.report.tables import aligned, markdown_table
from perf.stats.paired_comparison import ALARM, LOOKS, MISS, TOLERANCE
from perf.stats.pairs import undisturbed
from perf.stats.verdict import percent

HEADINGS = ("variant", "verdict", "candidate", "interval", "pairs", "workers", "reference s", "candidate s")
DIFFERENCES_SHOWN = 6
CHANGES_SHOWN = 8
COLUMNS = (
    f"candidate: its latency over the reference's; interval: each side right at every one of {LOOKS} looks with a "
    f"probability of {1 - MISS:.0%}. A row that did not change is called slower with one of {ALARM:.0%}; equivalent: "
    f"within {TOLERANCE:.0%}."
)


def cells(result: ComparedRow) -> tuple[str, ...]:
    """The texts of a row, in the order of HEADINGS."""
    latency = result.latency
    if latency is None:
        return (result.variant.name, str(result.verdict), "-", "-", "0", "0", "-", "-")
    kept = undisturbed(result.pairs)
    reference_s, candidate_s = (statistics.median(getattr(pair, role).latency_s for pair in kept) for role in Role)
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


def details(result: ComparedRow) -> list[str]:
    """What stands behind a row, a line each."""
    name = result.variant.name
    lines = [f"{name}: {result.verdict}: {result.sentence}"]
    lines += [f"  moved: {part} {percent(one.ratio)} ({one.interval})" for part, one in result.moved]
    lines += [f"  differs: {sentence}" for sentence in result.differences[:DIFFERENCES_SHOWN]]
    if len(result.differences) > DIFFERENCES_SHOWN:
        lines.append(f"  differs: and {len(result.differences) - DIFFERENCES_SHOWN} more, all in the JSON")
    if result.fidelity:
        lines.append(f"  image beside the reference's: {result.fidelity}")
    if result.widths:
        narrow, wide = result.widths
        lines.append(f"  95 % interval: {narrow:.1%} wide in pairs, {wide:.1%} of the same latencies taken apart")
    if aside := len(result.pairs) - len(undisturbed(result.pairs)):
        lines.append(f"  {aside} of {len(result.pairs)} pairs set aside: other work ran beside them")
    return lines + ([f"  {result.memory_shortage}: whole sessions alternated"] if result.memory_shortage else [])


def about(upgrade: StackComparison) -> list[str]:
    """Name the two stacks, and the packages in which they differ."""
    unasked = upgrade.unasked_changes
    asked = [change for change in upgrade.package_changes if change not in unasked]
    return [
        str(upgrade.stack_pair.reference),
        str(upgrade.stack_pair.candidate),
        f"packages that differ: {shortened(asked)}",
        *([f"and with them, unasked: {shortened(unasked)}"] if unasked else []),
    ]


def shortened(changes: Sequence[str]) -> str:
    more = f", and {len(changes) - CHANGES_SHOWN} more, all in the JSON" if len(changes) > CHANGES_SHOWN else ""
    return (", ".join(changes[:CHANGES_SHOWN]) or "none") + more


def terminal(upgrade: StackComparison, width: int) -> list[str]:
    results = list(upgrade.results.values())
    table = aligned(HEADINGS, map(cells, results), width) if results else ["no row could be compared"]
    return [*about(upgrade), "", *table, "", *(line for result in results for line in details(result)), "", COLUMNS]


def markdown(upgrade: StackComparison, measured: Sequence[str]) -> str:
    """For a pull request. ``measured`` are the lines that say what was measured on what."""
    results = list(upgrade.results.values())
    lines = ["## Candidate over reference", "", *(f"- {line}" for line in (*measured, *about(upgrade))), ""]
    lines += markdown_table(HEADINGS, map(cells, results), left=2)
    lines += ["", COLUMNS, ""]
    for result in results:
        first, *rest = details(result)
        lines += [f"- {first}", *(f"  - {line.strip()}" for line in rest)]
    return "\n".join(lines) + "\n"
