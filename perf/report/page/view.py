"""What the page shows, as plain data: the night, the ladder, the rows and the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perf.history.points import Point
from perf.report.page.album import RowPictures
from perf.report.page.marks import Mark
from perf.report.page.thinning import Piece
from perf.stats.verdict import VerdictKind

NOT_JUDGED = "not judged"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A ratio and the interval that it is in, and the change that would matter, as a fraction."""

    ratio: float
    low: float
    high: float
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class NightLine:
    """The verdict on one row: its kind, what it rests on, and the smallest slowdown that would have been found."""

    name: str
    anchor: str
    kind: VerdictKind | None
    sentence: str
    change: Change | None
    sees: float | None
    judged_by: str

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        return str(self.kind) if self.kind else NOT_JUDGED


@dataclass(frozen=True, kw_only=True)
class LadderLine:
    """What a row took: seconds per image by part, in the order of perf.report.page.seconds_parts.ALL, and the rest.

    ``published_s`` are the article's seconds, by CPU. What is None was not measured.
    """

    name: str
    anchor: str
    latency_s: float
    low_s: float
    high_s: float
    seconds: Mapping[str, float]
    speed_up: float | None
    peak_rss_bytes: float | None
    peak_share: float | None
    published_s: Mapping[str, float]


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
class KernelLine:
    """One kind of kernel before and now: how often it ran in a call of its part, and for how many seconds in all."""

    part: str
    name: str
    before: tuple[int, float] | None
    now: tuple[int, float] | None

    @property
    def sign(self) -> str:
        """How a diff marks it: gone, come, or in both."""
        if self.now is None:
            return "gone"
        return "new" if self.before is None else "same"


@dataclass(frozen=True, kw_only=True)
class Kernels:
    """The kernels of a row before and now, those that came or went first; ``left_out`` are the shortest."""

    before: str | None
    lines: Sequence[KernelLine]
    left_out: int
    differences: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ClaimLine:
    """A claim of the row, whether it holds, and what was seen."""

    name: str
    holds: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class RoundLine:
    """One timed generation: its seconds, whether other work ran at the same time, and what shows that."""

    session: int
    latency_s: float
    is_disturbed: bool
    pressure: float | None


@dataclass(frozen=True, kw_only=True)
class PartsAt:
    """The seconds of an image by part at a time, in seconds since 1970."""

    time_s: float
    seconds: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class RowHistory:
    """A row over time: thinned out to be drawn, what happened to it, and its last nights as they were."""

    nights: int
    began_s: float
    ended_s: float
    seconds: Sequence[Piece]
    ratios: Sequence[Piece]
    parts: Sequence[PartsAt]
    marks: Sequence[Mark]
    sentences: Sequence[str]
    recent: Sequence[Point]


@dataclass(frozen=True, kw_only=True)
class RowView:
    """All that the page shows of one row of one machine."""

    line: NightLine
    ladder: LadderLine
    about: str
    history: RowHistory | None
    kernels: Kernels | None
    claims: Sequence[ClaimLine]
    pictures: RowPictures | None
    rounds: Sequence[RoundLine]
    packages: str
    command: str


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


def to_the_minute(began: str) -> str:
    """Write a time in ISO 8601 and UTC as people read it."""
    return f"{began[:10]} {began[11:16]} UTC"
