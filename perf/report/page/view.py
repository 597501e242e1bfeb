"""What the page shows, as plain data: the upgrades, the machines with their rows, and the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perf.report.page.row_view import Change, NightLine, RowView, to_the_minute


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The machine's limits: operations per second by precision, and bytes read and written per second."""

    flop_per_s: Mapping[str, float]
    memory_bytes_per_s: float


@dataclass(frozen=True, kw_only=True)
class Below:
    """One part of one row below the limits: its operations per byte of weights, and those per second."""

    row: str
    part: str
    precision: str
    flop_per_byte: float
    flop_per_s: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Roofline:
    """The machine's limits, and what the parts of the rows reached below them."""

    limit: Limit
    reached: Sequence[Below]


@dataclass(frozen=True, kw_only=True)
class SoftwareChange:
    """What differs from the anchor's software, and the rows that have it."""

    text: str
    rows: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class MachineLine:
    """The verdict on the machine itself; ``change`` is None where too few rows could tell."""

    kind: str
    sentence: str
    change: Change | None
    fails: bool


@dataclass(frozen=True, kw_only=True)
class MachineView:
    """One machine with one model and protocol: its last night, and the history of its rows."""

    anchor: str
    name: str
    about: str
    measured: str
    began: str
    nights: int
    misdated: int
    commit: str | None
    ci_url: str | None
    verdict: MachineLine | None
    changes: Sequence[SoftwareChange]
    trend: Sequence[str]
    rows: Sequence[RowView]
    roofline: Roofline | None

    @property
    def when(self) -> str:
        """The time at which the night began, to the minute, as people read it."""
        return to_the_minute(self.began)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows have each verdict."""
        words = [row.line.word for row in self.rows]
        return {word: words.count(word) for word in dict.fromkeys(words)}


@dataclass(frozen=True, kw_only=True)
class CheckedLine:
    """The verdict on one row in two stacks, and what it rests on, a sentence each."""

    line: NightLine
    details: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class UpgradeView:
    """A comparison of two stacks on one machine; ``of`` is the upgrade in a few words."""

    anchor: str
    of: str
    name: str
    about: str
    measured: str
    began: str
    commit: str | None
    ci_url: str | None
    stacks: Mapping[str, str]
    package_changes: Sequence[str]
    unasked_changes: Sequence[str]
    counts: str
    rows: Sequence[CheckedLine]
    is_open: bool

    @property
    def when(self) -> str:
        """The time at which it began, to the minute, as people read it."""
        return to_the_minute(self.began)


@dataclass(frozen=True, kw_only=True)
class FleetRow:
    """A row on each machine of the fleet, in their order; None where one has not measured it."""

    name: str
    rows: Sequence[RowView | None]


@dataclass(frozen=True, kw_only=True)
class Page:
    """The whole page, of at least one machine or upgrade; ``fleet`` is empty where there are not two machines.

    ``pictures`` are WebP in base64, by their ids.
    """

    pictures: Mapping[str, str]
    upgrades: Sequence[UpgradeView]
    machines: Sequence[MachineView]
    fleet: Sequence[FleetRow]

    @property
    def title(self) -> str:
        """What the page is about: the upgrade that was asked for, else the last night."""
        asked = next((upgrade for upgrade in self.upgrades if upgrade.is_open), None)
        if asked:
            return f"{asked.of}, {asked.began[:10]}"
        began = [*(machine.began for machine in self.machines), *(upgrade.began for upgrade in self.upgrades)]
        return f"the night of {max(began)[:10]}"
