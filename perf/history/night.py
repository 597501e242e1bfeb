"""A night: what the history keeps of one run, read from its JSON.

Seconds drift with the machine, for months. What no drift can reach is the ratio to the row's anchor: measured in pairs
where the software differs from the anchor's, and 1 where it is the same.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from perf.errors import BadRecord, BadRun
from perf.gate.baseline_key import Json
from perf.history.kept import Kept, fields_of
from perf.history.recorded_run import EvidencedRow, RecordedRow, RecordedRun, read
from perf.host.anchors import Recipe
from perf.records.session_record import Round, SessionRecord
from perf.spec.ladder import EAGER_FP32
from perf.stats.intervals import Interval, median_interval
from perf.stats.level import MIN_ROUNDS, undisturbed
from perf.stats.verdict import JudgedBy, Verdict


@dataclass(frozen=True, kw_only=True)
class AnchorRatio:
    """How much longer an image takes than with the anchor's software: the ratio, and the interval that it is in.

    ``anchor`` is the digest of the anchor's stack, as ``stack`` is of the row's own.
    """

    anchor: str
    ratio: float
    low: float
    high: float

    @classmethod
    def of_columns(cls, found: Json) -> Self | None:
        """Return the ratio in a line of the table ``row``; None where it holds none."""
        if found["anchor"] is None:
            return None
        ratio, low, high = (found[f"anchor_{name}"] for name in ("ratio", "low", "high"))
        return cls(anchor=found["anchor"], ratio=ratio, low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class Calm:
    """The rounds of a session during which nothing else ran, as far as the kernel tells: how many, and their median.

    The median and the interval that it is in are None where too few are left: such a night says nothing of the row.
    """

    rounds: int
    latency_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None

    @classmethod
    def of(cls, rounds: Sequence[Round]) -> Self:
        """Return what the calm ones of these rounds say."""
        latencies_s = [timed.latency_s for timed in undisturbed(rounds)]
        if len(latencies_s) < min(MIN_ROUNDS, len(rounds)):
            return cls(rounds=len(latencies_s))
        interval, median_s = median_interval(latencies_s), statistics.median(latencies_s)
        return cls(rounds=len(latencies_s), latency_s=median_s, low_s=interval.low, high_s=interval.high)


@dataclass(frozen=True, kw_only=True)
class NightRow:
    """One row of a night.

    Attributes:
        latency_s: the median of the first session's timed rounds, in seconds per image.
        interval: where that median is, free of any distribution.
        calm: the same of the rounds during which nothing else ran; None of a night that was kept before that was.
        parts_s: the median seconds of one call of each part, by the part's name.
        load_s: the seconds of loading; None where, in a sweep, the worker had loaded for another setting.
        verdict: what was said of the row; None where the run ended before.
        stack: Python and packages, and ``stack_digest`` what their anchor would be called.
        to_anchor: the ratio to the anchor; None where only memory compares the two, or there is none.
        reached: the share of the machine's peak of each part, by the part's name.
        evidence: what the first session's worker said of itself, as JSON, without layers; None of a run of long ago.
        sessions: all sessions, as records with their rounds.
    """

    name: str
    variant: Json
    latency_s: float
    interval: Interval
    calm: Calm | None
    parts_s: Mapping[str, float]
    load_s: float | None
    peak_rss_bytes: int | None
    verdict: Verdict | None
    stack: Json
    stack_digest: str
    to_anchor: AnchorRatio | None
    reached: Mapping[str, float]
    evidence: Json | None
    fidelity: Json | None
    sessions: tuple[SessionRecord, ...]

    @property
    def base_name(self) -> str:
        """The name by which users choose the row: in a sweep, all of its settings have it in common."""
        return str(self.variant.get("setting_of") or self.name)

    @property
    def setting(self) -> str:
        """What tells the row from the other settings of a sweep; empty outside one."""
        return self.name.removeprefix(self.base_name).removeprefix("-")

    @classmethod
    def of(cls, row: RecordedRow, record: Json) -> Self:
        """Read a row and its record. Raises BadRecord, LookupError, TypeError or ValueError."""
        evidenced = row if isinstance(row, EvidencedRow) else None
        verdict = evidenced.verdict if evidenced else None
        kept = record.get("baseline_row") or {}
        return cls(
            name=row.name,
            variant=row.variant.to_json(),
            latency_s=row.latency_s,
            interval=median_interval(row.latencies_s),
            calm=Calm.of([Round.of(sample) for sample in row.session.samples]),
            parts_s={str(part): part_s for part, part_s in row.part_times_s.items()},
            load_s=row.session.load_s,
            peak_rss_bytes=row.session.peak_rss_bytes,
            verdict=verdict,
            stack=record["stack"],
            stack_digest=Recipe.of(record["stack"]).digest,
            to_anchor=ratio_to_anchor(record, verdict),
            reached={str(part): each.share for part, each in evidenced.reached.items()} if evidenced else {},
            evidence=without_layers(record.get("evidence")),
            fidelity=record.get("fidelity"),
            sessions=tuple(map(SessionRecord.from_json, kept.get("sessions", ()))),
        )


@dataclass(frozen=True, kw_only=True)
class Night(Kept):
    """One run of the ladder."""

    machine_verdict: Json | None
    rows: tuple[NightRow, ...]

    def steps_of(self, row: NightRow) -> int:
        """Return the steps of a row's images: its own, or the protocol's."""
        return int(row.variant.get("steps") or self.protocol["steps"])

    def reference_s(self, row: NightRow) -> float | None:
        """Return eager fp32's seconds per image at the setting of a row; None where that was not measured."""
        of_setting = (each for each in self.rows if each.setting == row.setting)
        return next((each.latency_s for each in of_setting if each.base_name == EAGER_FP32), None)


def without_layers(evidence: Json | None) -> Json | None:
    """Return what is kept of a record's evidence: its layers would make the history three times as large."""
    return evidence and {name: value for name, value in evidence.items() if name != "layers"}


def ratio_to_anchor(record: Json, verdict: Verdict | None) -> AnchorRatio | None:
    """Return a row's ratio to its anchor, if the two were measured in turns, or are the same software."""
    anchor = record.get("anchor")
    if not anchor or verdict is None or verdict.latency is None:
        return None
    if verdict.judged_by is not JudgedBy.MEMORY:
        latency = verdict.latency
        return AnchorRatio(anchor=anchor, ratio=latency.ratio, low=latency.low, high=latency.high)
    if not record.get("same_software"):
        return None
    return AnchorRatio(anchor=anchor, ratio=1.0, low=1.0, high=1.0)


def read_night(path: Path) -> Night:
    """Read what is kept of a recorded run. Raises BadRun, which names the file."""
    return kept_of(read(path))


def kept_of(run: RecordedRun) -> Night:
    """Return what is kept of a run. Raises BadRun, which names its file."""
    try:
        return of_run(run)
    except (BadRecord, LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadRun(f"{run.path} cannot be kept: {error!r}") from None


def of_run(run: RecordedRun) -> Night:
    """Return what is kept of a run; the same run gives the same digest, wherever its file is."""
    first = run.records[run.rows[0].name]
    sessions = [run.records[row.name]["session"] for row in run.rows]
    return Night(
        **fields_of(run.whole, first["model"], first["protocol"], sessions),
        machine_verdict=run.whole.get("machine_verdict"),
        rows=tuple(NightRow.of(row, run.records[row.name]) for row in run.rows),
    )
