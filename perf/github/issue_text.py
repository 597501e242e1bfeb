"""The title and the body of a regression's issue, and what it is closed with."""

from __future__ import annotations

import re

from perf.errors import BadRun
from perf.github import markdown
from perf.github.markdown import fenced, plain, some
from perf.github.regressions import RowTonight
from perf.history.recorded_run import describe_machine
from perf.report.page.make_view import changes_of
from perf.report.rerun import command_for
from perf.stats.verdict import Finding, Verdict, VerdictKind, percent, worst_of
from perf.stats.watch import LATENCY, PLAIN_LATENCY

TITLE = 256  # characters, the most that GitHub takes
COMMAND = 2000
FACT = 1000
CHANGES = 20
# At the beginning of a body, where no foreign text can be.
MARKER = re.compile(r"<!-- sd-xeon-perf regression: ([0-9a-f]{64}) -->\r?\n<!-- night: ([0-9T:.+-]+) -->")
ABOUT = (
    "This row is slower than its baseline. Every night that finds it slower brings this text up to date; the first one "
    "that finds it no longer slower closes the issue."
)


def marker(found: RowTonight) -> str:
    """Return what an issue is known by, and the night that it tells of; neither is shown."""
    return f"<!-- sd-xeon-perf regression: {found.digest} -->\n<!-- night: {found.night.began} -->"


def title(found: RowTonight) -> str:
    """Return ``openvino-static is 3.4 % slower on sapphire-rapids``."""
    name, codename = plain(found.row.name, 80), plain(found.night.fingerprint["codename"], 40)
    worst = worst_finding(found.row.verdict)
    if worst is None:
        return f"{name} is slower on {codename}"
    if worst.watch in {LATENCY.name, PLAIN_LATENCY.name}:
        return plain(f"{name} is {100 * (worst.ratio - 1):.1f} % slower on {codename}", TITLE)
    return plain(f"{name}: {worst.watch} {percent(worst.ratio)} on {codename}", TITLE)


def worst_finding(verdict: Verdict | None) -> Finding | None:
    """Return the finding that a regression is named by, if the verdict rests on any."""
    if verdict is None or not verdict.findings:
        return None
    has_regressed = any(finding.kind is VerdictKind.REGRESSED for finding in verdict.findings)
    return worst_of(verdict.findings) if has_regressed else verdict.latency


def body(found: RowTonight) -> str:
    """Return what an issue says of a row that is slower."""
    return "\n".join(
        [
            marker(found),
            ABOUT,
            "",
            *fenced(facts(found), at_most=FACT),
            "",
            "To measure it again, on that machine:",
            "",
            *fenced([command_for(found.row, found.night)], "sh", COMMAND),
            "",
            *sources(found),
        ]
    )


def facts(found: RowTonight) -> list[str]:
    """Return the row, the machine, the verdict, since when it holds, and what changed, a line each."""
    night, row = found.night, found.row
    machine = describe_machine({"cpu": night.cpu, "fingerprint": night.fingerprint})
    changes = some(changes_of(row, found.run, {}), CHANGES) or ["nothing that is known"]
    return [
        f"row: {row.name}",
        f"machine: {machine}; {night.host or 'unnamed'}",
        f"model: {night.measured}",
        f"verdict: {row.verdict}",
        f"since: {since(found)}",
        *(f"changed since the anchor: {change}" for change in changes),
    ]


def since(found: RowTonight) -> str:
    """Return since when a row has been slower, and on how many nights."""
    if found.nights < 2:
        return f"{minute(found.since)}, the first such night that is known"
    return f"{minute(found.since)}, {found.nights} nights up to {minute(found.night.began)}"


def minute(began: str) -> str:
    """Return a time as people read it, in UTC as all nights are."""
    return f"{began[:16].replace('T', ' ')} UTC"


def sources(found: RowTonight) -> list[str]:
    """Return where the figures are from, as far as that is known: the CI run and the commit."""
    run, commit = markdown.link("the CI run", found.night.ci_url), markdown.commit(found.night.commit)
    return [f"Measured by {run}."] * bool(run) + [f"The suite's commit is {commit}."] * bool(commit)


def farewell(found: RowTonight) -> str:
    """Return what an issue is closed with."""
    lines = [f"{minute(found.night.began)}: {found.row.verdict}"]
    return "\n".join(["Closed by the verdict of this night:", "", *fenced(lines, at_most=FACT), "", *sources(found)])


def checked(found: RowTonight) -> RowTonight:
    """Return a row of which a text can be made. Raises BadRun, which names the file of any other."""
    try:
        title(found), body(found)
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        raise BadRun(f"{found.run.path} cannot be told of: {error!r}") from None
    return found
