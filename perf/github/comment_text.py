"""What a pull request is told: what the pins that it changes do to the rows, on each machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from perf.github.comments import marker
from perf.github.markdown import code, fenced, link, plain, some
from perf.history import ci_run
from perf.history.checked_upgrade import CheckedRow, CheckedUpgrade
from perf.history.recorded_run import describe_machine
from perf.report.tables import markdown_table
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.verdict import percent

HEADINGS = ("row", "verdict", "change", "interval")
HEADING = "### What these pins do to the rows"
MOST = 60_000  # characters; GitHub takes 65,536
ROWS, CHANGES = 40, 40  # that are shown of a machine
LINE = 200
NOT_MEASURED = "They could not be measured, or nobody approved that; the CI run says which."
ABOUT = (
    "Measured in turns with the pins of the default branch. This comment is edited when a later commit has been "
    "measured; it blocks nothing."
)


def text(head: str, compared: Sequence[CheckedUpgrade]) -> str:
    """Return the comment on the pins of a commit; of one without comparisons it says that there are none."""
    run = link("The CI run", ci_run.address())
    shown = f"{marker(head)}\n{HEADING}\n\nCommit {head}: {summary(compared)}\n"
    for number, each in enumerate(compared):
        section = "\n".join(["", *of_machine(each), ""])
        if len(shown) + len(section) > MOST:
            shown += f"\n{len(compared) - number} more comparisons do not fit in here.\n"
            break
        shown += section
    return f"{shown}\n{ABOUT}" + (f" {run} has every pair." if run else "")


def summary(compared: Iterable[CheckedUpgrade]) -> str:
    """Return how many rows have which verdict, those that are slower first."""
    verdicts = Counter(row.verdict for each in compared for row in each.rows)
    counts = [f"{verdicts[verdict]} {verdict}" for verdict in PairedVerdict if verdicts[verdict]]
    return f"{', '.join(counts)}." if counts else NOT_MEASURED


def of_machine(compared: CheckedUpgrade) -> list[str]:
    """Return what was measured of one stack on one machine: a heading, packages, a table, the sentences below it."""
    rows = compared.rows[:ROWS]
    machine = describe_machine({"cpu": compared.cpu, "fingerprint": compared.fingerprint})
    more = len(compared.rows) - len(rows)
    packages = some(compared.package_changes, CHANGES) or ["no package differs"]
    noted = [f"{row.name}: {row.sentence}" for row in rows if row.verdict is not PairedVerdict.EQUIVALENT]
    stack, codename = code(compared.reference["name"], 40), code(compared.fingerprint["codename"], 40)
    return [
        f"#### {stack} on {codename}",
        "",
        *fenced([machine, *packages], at_most=LINE),
        "",
        *markdown_table(HEADINGS, map(cells, rows), left=2),
        *([f"\nand {more} more rows, in the artifact"] if more else []),
        *(["", *fenced(noted, at_most=LINE)] if noted else []),
    ]


def cells(row: CheckedRow) -> tuple[str, ...]:
    """Return the texts of a row, in the order of HEADINGS."""
    change, interval = (percent(row.latency.ratio), row.latency.interval) if row.latency else ("-", "-")
    return code(row.name, 80), str(row.verdict), plain(change, 20), plain(interval, 40)
