"""What the page shows of one row, as plain data: its verdict, what it took, its history, kernels, claims and rounds."""

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
    """The verdict on one row: what it rests on, and the smallest slowdown that would have been found.

    ``kind`` decides its colour, and ``word`` is what it is called: of two stacks, ``equivalent`` for ``unchanged``.
    """

    name: str
    anchor: str
    kind: VerdictKind | None
    word: str
    sentence: str
    change: Change | None
    sees: float | None
    judged_by: str


@dataclass(frozen=True, kw_only=True)
class LadderLine:
    """What a row took: seconds per image by part, in the order of perf.report.seconds_parts.ALL, and the rest.

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
    energy_j: float | None
    peak_share: float | None
    published_s: Mapping[str, float]


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


def to_the_minute(began: str) -> str:
    """Write a time in ISO 8601 and UTC as people read it."""
    return f"{began[:10]} {began[11:16]} UTC"
