"""The ladder that a picture shows, read from a recorded run or from a baseline file."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perf.errors import BadBaseline, BadRun
from perf.gate import store
from perf.gate.baseline import Baseline
from perf.gate.baseline_row import BaselineRow
from perf.history import recorded_run
from perf.history.recorded_run import RecordedRun
from perf.spec.ladder import EAGER_FP32, LADDER
from perf.spec.sweep import settings_of


@dataclass(frozen=True, kw_only=True)
class PlottedRow:
    """One row: its timed generations in seconds, and what is needed to name its library.

    ``base_name`` is that of the row which it is a setting of, in a sweep; elsewhere its own.
    """

    name: str
    base_name: str
    backend: str
    latencies_s: tuple[float, ...]
    packages: Mapping[str, str]

    @property
    def setting(self) -> str:
        """What tells the row from the other settings of a sweep; empty outside one."""
        return self.name.removeprefix(self.base_name).removeprefix("-")

    @property
    def latency_s(self) -> float:
        """The median of the timed generations."""
        return statistics.median(self.latencies_s)


@dataclass(frozen=True, kw_only=True)
class PlottedLadder:
    """The rows in the order of the ladder, and what was measured on what; ``source`` says which file it is from."""

    model: str
    setting: str
    source: str
    rows: tuple[PlottedRow, ...]

    def reference_s(self, row: PlottedRow) -> float | None:
        """Return eager fp32's median latency at the setting of a row; None if the ladder lacks it."""
        of_setting = (each for each in self.rows if each.setting == row.setting)
        return next((each.latency_s for each in of_setting if each.base_name == EAGER_FP32), None)


def read(path: Path) -> PlottedLadder:
    """Read a baseline file, or a recorded run. Raises BadRun, which names the file, if it is neither."""
    try:
        baseline = store.load(path)
    except BadBaseline:
        return of_run(recorded_run.read(path))
    if not baseline.rows:
        raise BadRun(f"{path} is a baseline without a row that can be read")
    return of_baseline(baseline)


def of_run(run: RecordedRun) -> PlottedLadder:
    """Return the ladder of a recorded run."""
    first = run.rows[0]
    return PlottedLadder(
        model=first.model,
        setting=first.protocol.setting,
        source=run.machine,
        rows=tuple(
            PlottedRow(
                name=row.name,
                base_name=row.variant.base_name,
                backend=row.variant.backend,
                latencies_s=tuple(row.latencies_s),
                packages=row.packages,
            )
            for row in run.rows
        ),
    )


def of_baseline(baseline: Baseline) -> PlottedLadder:
    """Return the ladder of a baseline: of each row, the timed generations of all its sessions."""
    machine = baseline.key.machine
    sessions = max(len(row.sessions) for row in baseline.rows.values())
    last = max(row.sessions[-1].recorded for row in baseline.rows.values())
    ours = {each.name: each.base_name for each in settings_of(LADDER, baseline.key.sweep)}
    names = dict.fromkeys([*(name for name in ours if name in baseline.rows), *baseline.rows])
    return PlottedLadder(
        model=str(baseline.key.model["name"]),
        setting=baseline.key.setting,
        source=(
            f"{baseline.particulars.get('cpu', 'CPU')} ({machine['codename']}), {machine.get('cores_used')} cores, "
            f"{machine.get('memory_gib')} GiB, bf16 by {machine.get('bf16_isa') or 'emulation'}; "
            f"baseline of {sessions} sessions, the latest of {last[:10]}"
        ),
        rows=tuple(row_of_baseline(name, ours.get(name, name), baseline.rows[name]) for name in names),
    )


def row_of_baseline(name: str, base_name: str, row: BaselineRow) -> PlottedRow:
    """Return what a picture shows of a baseline's row, and of a row of one's own by its name alone."""
    return PlottedRow(
        name=name,
        base_name=base_name,
        backend=str(row.variant["backend"]),
        latencies_s=tuple(timed.latency_s for session in row.sessions for timed in session.rounds),
        packages=row.stack["packages"],
    )
