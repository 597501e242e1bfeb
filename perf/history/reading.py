"""A recorded run of either kind, as the history keeps it."""

from __future__ import annotations

from pathlib import Path

from perf.history.checked_upgrade import CheckedUpgrade, is_upgrade, upgrade_of
from perf.history.night import Night, kept_of
from perf.history.recorded_run import read_json, run_of


def read_kept(path: Path) -> Night | CheckedUpgrade:
    """Read what is kept of a run of the ladder, or of an upgrade check. Raises BadRun, which names the file."""
    whole = read_json(path)
    return upgrade_of(path, whole) if is_upgrade(whole) else kept_of(run_of(path, whole))
