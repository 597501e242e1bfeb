"""What the page shows of checked upgrades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perf.history.checked_upgrade import CheckedRow, CheckedUpgrade
from perf.history.recorded_run import describe_machine
from perf.host.stack import headline
from perf.report.page.row_view import Change, NightLine
from perf.report.page.view import CheckedLine, UpgradeView
from perf.stats.verdict import percent

DIFFERENCES_SHOWN = 12


def upgrade_views(given: Sequence[CheckedUpgrade], earlier: Sequence[CheckedUpgrade]) -> list[UpgradeView]:
    """Return what the page shows of the upgrades that were given, which are open, and of earlier ones."""
    views = [*((upgrade, True) for upgrade in given), *((upgrade, False) for upgrade in earlier)]
    return [upgrade_view(f"u{number}", upgrade, is_open) for number, (upgrade, is_open) in enumerate(views, start=1)]


def upgrade_view(anchor: str, upgrade: CheckedUpgrade, is_open: bool) -> UpgradeView:
    """Return what the page shows of one upgrade, whose part of the page begins with ``anchor``."""
    return UpgradeView(
        anchor=anchor,
        of=upgrade.about,
        name=upgrade.host or "unnamed",
        about=describe_machine({"cpu": upgrade.cpu, "fingerprint": upgrade.fingerprint}),
        measured=upgrade.measured,
        began=upgrade.began,
        commit=upgrade.commit,
        ci_url=upgrade.ci_url,
        stacks={
            name: headline(str(recipe["python_version"]), recipe["packages"])
            for name, recipe in (("reference", upgrade.reference), ("candidate", upgrade.candidate))
        },
        package_changes=upgrade.package_changes,
        unasked_changes=upgrade.unasked_changes,
        counts=upgrade.counts,
        rows=[CheckedLine(line=line_of(anchor, row), details=tuple(details_of(row))) for row in upgrade.rows],
        is_open=is_open,
    )


def line_of(anchor: str, row: CheckedRow) -> NightLine:
    """Return the verdict on a row as a table has it."""
    latency = row.latency
    change = None
    if latency:
        change = Change(ratio=latency.ratio, low=latency.low, high=latency.high, tolerance=latency.tolerance)
    return NightLine(
        name=row.name,
        anchor=anchor,
        kind=row.kind,
        word=str(row.verdict),
        sentence=row.sentence,
        change=change,
        sees=latency.sees if latency else None,
        judged_by="pairs",
    )


def details_of(row: CheckedRow) -> Iterator[str]:
    """Yield what a verdict rests on: what moved, what differs, and the image."""
    for name in row.moved:
        moved = row.others.get(name)
        yield f"{name} {percent(moved.ratio)} ({moved.interval})" if moved else name
    yield from row.differences[:DIFFERENCES_SHOWN]
    if len(row.differences) > DIFFERENCES_SHOWN:
        yield f"and {len(row.differences) - DIFFERENCES_SHOWN} more differences, all in the JSON"
    if row.fidelity:
        yield f"image against the reference's: {row.fidelity}"
