"""The verdict on the machine: whether all rows together moved, although none of their software differs.

- ``slower`` if the shift that all rows share is above zero with a confidence of SURE, ``faster`` if it is below.
- ``unchanged`` if it lies within the tolerance, either way, with a confidence of WITHIN on each side.
- ``not told`` in all other cases, and where fewer than FEWEST_ROWS rows can be compared.

A slower machine fails if the estimate is beyond the tolerance as well. What excuses rows has to fail itself where it
matters: a rule that waited until the whole interval is beyond the tolerance would let a machine that is 7 % slower
pass, and all its rows with it. For the same reason a lower clock that has excused a row, by more than the tolerance,
makes the machine ``slower`` too, however few rows there are.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from perf.records.session_record import SessionRecord
from perf.stats.decision import BaselineLevels
from perf.stats.level import Level
from perf.stats.machine_shift import FEWEST_ROWS, PooledRows, RowLevels
from perf.stats.mixture import Mixture
from perf.stats.verdict import percent
from perf.stats.watch import LATENCY

SURE = 0.99  # one-sided: a machine that is as fast as ever is called slower in one run of a hundred
WITHIN = 0.95  # one-sided, and of the bounds that are shown
MACHINE_TOLERANCE = 0.05  # as a fraction


class MachineKind(StrEnum):
    """What holds of the machine."""

    UNCHANGED = "unchanged"
    SLOWER = "slower"
    FASTER = "faster"
    NOT_TOLD = "not told"


@dataclass(frozen=True, kw_only=True)
class MachineVerdict:
    """The verdict on the machine, in one sentence, and what it rests on.

    ``ratio`` is the latency of all rows over that of their baselines; it lies between ``low`` and ``high``, and beyond
    either with a probability of 5 %. All three are None where too few rows could be compared. ``rows`` are the ratios
    of the rows it rests on; ``tolerance`` is the change that matters, as a fraction. ``probe`` and ``peak`` are how
    much longer the machine's probe took, and how much more it computed per second at best, as ratios, where that is
    known. They judge nothing. ``clocks`` are those of the rows that a lower clock has excused, as ratios.
    """

    kind: MachineKind
    sentence: str
    tolerance: float
    rows: Mapping[str, float]
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    probe: float | None = None
    peak: float | None = None
    clocks: Mapping[str, float] = field(default_factory=dict)

    @property
    def fails(self) -> bool:
        """Whether the machine, or the clock that excuses a row, is surely slower, and by more than the tolerance."""
        if self.has_low_clock:
            return True
        return self.kind is MachineKind.SLOWER and self.ratio is not None and self.ratio > 1 + self.tolerance

    @property
    def has_low_clock(self) -> bool:
        """Whether a clock that excuses a row explains more than the tolerance."""
        return any(1 / clock > 1 + self.tolerance for clock in self.clocks.values())

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as it is kept in a run's JSON."""
        return asdict(self) | {"fails": self.fails}

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"


def judge_machine(
    references: Mapping[str, BaselineLevels],
    sessions: Mapping[str, Sequence[SessionRecord]],
    *,
    tolerance: float = MACHINE_TOLERANCE,
    peak: float | None = None,
    clocks: Mapping[str, float] = MappingProxyType({}),
) -> MachineVerdict:
    """Decide what holds of the machine tonight.

    Args:
        references: the baselines of rows whose software is that of their baseline, by name.
        sessions: the new sessions of the same rows, in order of time.
        tolerance: the slowdown of the machine that matters, as a fraction.
        peak: how much more it computes per second at best, as a ratio, where that is known.
        clocks: those of the rows that a lower clock has excused, as ratios.
    """
    return _with_clocks(_judge_rows(references, sessions, tolerance, peak), clocks)


def _with_clocks(verdict: MachineVerdict, clocks: Mapping[str, float]) -> MachineVerdict:
    """Return the verdict with the lower clocks that have excused rows; the same where there are none."""
    if not clocks:
        return verdict
    told = ", ".join(f"{name} {percent(clock)}" for name, clock in clocks.items())
    with_clocks = replace(
        verdict, clocks=dict(clocks), sentence=f"a lower clock excuses rows: {told}; {verdict.sentence}"
    )
    return replace(with_clocks, kind=MachineKind.SLOWER) if with_clocks.has_low_clock else with_clocks


def _judge_rows(
    references: Mapping[str, BaselineLevels],
    sessions: Mapping[str, Sequence[SessionRecord]],
    tolerance: float,
    peak: float | None,
) -> MachineVerdict:
    """Decide what holds of the machine by the latencies of all rows; see ``judge_machine``."""
    rows = readable(references, sessions)
    verdict = MachineVerdict(
        kind=MachineKind.NOT_TOLD,
        sentence=_too_few(list(rows)),
        tolerance=tolerance,
        rows=row_ratios(rows),
        probe=probe_ratio(rows),
        peak=peak,
    )
    if len(rows) < FEWEST_ROWS:
        return verdict
    moved = PooledRows({name: without_probe(row) for name, row in rows.items()}, LATENCY.prior).machine()
    told = replace(
        verdict,
        kind=kind_of(moved, tolerance),
        ratio=math.exp(moved.mean),
        low=math.exp(moved.quantile(1 - WITHIN)),
        high=math.exp(moved.quantile(WITHIN)),
    )
    return replace(told, sentence=sentence(told))


def readable(
    references: Mapping[str, BaselineLevels], sessions: Mapping[str, Sequence[SessionRecord]]
) -> dict[str, RowLevels]:
    """Return the levels of the latency of each row that has some, before and now; nothing is taken out by the probe."""
    rows = {}
    for name, reference in references.items():
        plain = reference.without_probe
        baseline, new = plain.levels[LATENCY.name], LATENCY.levels(sessions[name], plain.powers)
        if baseline and new:
            rows[name] = RowLevels(baseline, new)
    return rows


def without_probe(row: RowLevels) -> RowLevels:
    """Return the levels as if nobody had probed the machine: its speed is what is asked for."""
    return RowLevels(_unprobed(row.baseline), _unprobed(row.new))


def _unprobed(levels: Sequence[Level]) -> list[Level]:
    return [replace(level, log_probe_s=None) for level in levels]


def kind_of(moved: Mixture, tolerance: float) -> MachineKind:
    """Apply the rule of this module to the shift that the rows share."""
    if moved.below(0) < 1 - SURE:
        return MachineKind.SLOWER
    if moved.below(0) > SURE:
        return MachineKind.FASTER
    most = math.log1p(tolerance)
    if moved.below(most) > WITHIN and moved.below(-most) < 1 - WITHIN:
        return MachineKind.UNCHANGED
    return MachineKind.NOT_TOLD


def row_ratios(rows: Mapping[str, RowLevels]) -> dict[str, float]:
    """Return how much longer each row took than its baseline, as a ratio of medians."""
    return {name: math.exp(_median(row.new) - _median(row.baseline)) for name, row in rows.items()}


def probe_ratio(rows: Mapping[str, RowLevels]) -> float | None:
    """Return how much longer the machine's probe took, as a ratio; None where no row has it before and now."""
    shifts = [shift for row in rows.values() if (shift := _probe_shift(row)) is not None]
    return math.exp(statistics.median(shifts)) if shifts else None


def _probe_shift(row: RowLevels) -> float | None:
    if len({level.probe_name for level in (*row.baseline, *row.new)}) > 1:
        return None
    baseline, new = _log_probes(row.baseline), _log_probes(row.new)
    return statistics.median(new) - statistics.median(baseline) if baseline and new else None


def _log_probes(levels: Sequence[Level]) -> list[float]:
    return [level.log_probe_s for level in levels if level.log_probe_s is not None]


def _median(levels: Sequence[Level]) -> float:
    return statistics.median(level.value for level in levels)


def _too_few(names: Sequence[str]) -> str:
    have = f"only {names[0]} can" if names else "none can"
    return f"at least {FEWEST_ROWS} rows of the same software as their baseline would tell, and {have} be compared"


def sentence(verdict: MachineVerdict) -> str:
    """State a verdict that rests on rows, with its figures."""
    assert verdict.ratio is not None
    assert verdict.low is not None
    assert verdict.high is not None
    shift = f"{percent(verdict.ratio)} ({percent(verdict.low)} to {percent(verdict.high)})"
    tolerated = f"{100 * verdict.tolerance:g} %"
    meaning = {
        MachineKind.SLOWER: f"all rows together {shift}",
        MachineKind.FASTER: f"all rows together {shift}",
        MachineKind.UNCHANGED: f"all rows together within {tolerated}: {shift}",
        MachineKind.NOT_TOLD: f"all rows together {shift}, a change of {tolerated} is neither shown nor excluded",
    }
    parts = [f"{meaning[verdict.kind]}, from {len(verdict.rows)} rows of the same software"]
    if verdict.probe is not None:
        parts.append(f"the machine's probe took {percent(verdict.probe)}")
    if verdict.peak is not None:
        parts.append(f"its peak is {percent(verdict.peak)}")
    return "; ".join(parts)
