"""The verdict on a row: its kind, the findings it rests on, and the sentence that states it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from perf.stats.watch import PLAIN_LATENCY

MAX_SESSIONS = 5  # new ones of a row; after the last, no further one is asked for


class VerdictKind(StrEnum):
    """What holds of a row."""

    REGRESSED = "regressed"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    UNDECIDED = "undecided"
    DISTURBED = "disturbed"
    INVALID = "invalid"
    NO_BASELINE = "no baseline"
    KNOWN = "known"  # a regression that an entry of the known ones covers


class JudgedBy(StrEnum):
    """What a verdict rests on: comparisons with the anchor, now, or the baseline's sessions."""

    PAIRS = "pairs"
    WHOLE_SESSIONS = "whole sessions"  # of the two stacks, in alternation
    MEMORY = "memory"


FAILING = {VerdictKind.REGRESSED, VerdictKind.INVALID}
UNANSWERED = {VerdictKind.UNDECIDED, VerdictKind.DISTURBED}  # measured, and still nobody knows


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One watched quantity, new over baseline.

    ``ratio`` lies between ``low`` and ``high``, and beyond either with a probability of 5 %. ``tolerance`` is the
    change that matters, as a fraction. ``suspicious``: whether a slowdown by that much needs another look. ``sees`` is
    the smallest slowdown, as a ratio such as 1.021, that would have been found with a probability of 95 %; None where
    that is not known. ``explained`` is the part of the ratio that is the machine's, as the other rows or its clock
    show it: where it is known, ``kind``, ``suspicious`` and ``sees`` are of what is left.
    """

    watch: str
    kind: VerdictKind
    ratio: float
    low: float
    high: float
    tolerance: float
    suspicious: bool
    sees: float | None = None
    explained: float | None = None

    @property
    def own_ratio(self) -> float:
        """The ratio without the part that is the machine's."""
        return self.ratio / self.explained if self.explained else self.ratio

    @property
    def interval(self) -> str:
        return f"{percent(self.low)} to {percent(self.high)}"

    def __str__(self) -> str:
        return f"{self.watch} {percent(self.ratio)} [{percent(self.low)}, {percent(self.high)}]"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a finding of a run's JSON; one of an older version lacks the fields with a default."""
        return cls(**{**data, "kind": VerdictKind(data["kind"])})


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict on a row, in one sentence, and what it rests on; the first finding is the latency's.

    ``sessions`` and ``baseline_sessions`` count those that could be read. ``caveats`` are what the verdict would rest
    on, had it been there: a different kind of judging, or something of the anchor. ``clock`` is that of the processor,
    as a ratio, where it is lower and excuses the row.
    """

    kind: VerdictKind
    sentence: str
    findings: tuple[Finding, ...] = ()
    sessions: int = 0
    baseline_sessions: int = 0
    judged_by: JudgedBy = JudgedBy.MEMORY
    caveats: tuple[str, ...] = ()
    clock: float | None = None

    @property
    def fails(self) -> bool:
        return self.kind in FAILING

    @property
    def is_answer(self) -> bool:
        """Whether it says how the row compares with its baseline, or that it did not run as it should.

        So does one on a row that is as slow as the machine, where nothing else is open about it.
        """
        if self.kind is VerdictKind.DISTURBED and self.findings:
            return not any(finding.suspicious for finding in self.findings)
        return self.kind not in {*UNANSWERED, VerdictKind.NO_BASELINE}

    @property
    def suspicious(self) -> bool:
        """Whether a fresh session could still change the verdict."""
        if self.judged_by is not JudgedBy.MEMORY:
            return False  # more sessions are no more pairs
        if self.kind is VerdictKind.DISTURBED and not self.findings:
            return True  # nothing could be read yet
        is_open = self.kind not in {VerdictKind.REGRESSED, VerdictKind.KNOWN} and self.sessions < MAX_SESSIONS
        return is_open and any(finding.suspicious for finding in self.findings)

    @property
    def moved(self) -> bool:
        """Whether these sessions clearly differ from the baseline's, so that they replace it instead of joining it.

        An undecided row whose interval holds 1 joins: it widens what the gate knows about ordinary differences between
        nights. One that is as slow as the machine does not: whoever accepts it accepts another machine.
        """
        if self.kind not in {VerdictKind.UNDECIDED, VerdictKind.DISTURBED} or self.latency is None:
            return self.kind in {VerdictKind.REGRESSED, VerdictKind.IMPROVED, VerdictKind.KNOWN}
        is_beyond = abs(math.log(self.latency.ratio)) > math.log1p(self.latency.tolerance)
        return is_beyond and not self.latency.low <= 1 <= self.latency.high

    @property
    def latency(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    def finding_on(self, watch: str) -> Finding | None:
        """Return what holds of a watched quantity; None where it was not recorded."""
        return next((finding for finding in self.findings if finding.watch == watch), None)

    @property
    def sees(self) -> float | None:
        """The smallest slowdown of the latency that would have been found, as a ratio; None where it is not known."""
        return self.latency.sees if self.latency else None

    @property
    def sight(self) -> str | None:
        """The slowdown that would have been found, in words: ``sees 2.1 %``; None where it is not known.

        Pairs end as soon as they decide, and would have gone on otherwise: only undecided ones could see no more.
        """
        if self.latency is None or self.sees is None:
            return None
        seen_percent, tolerated_percent = round(100 * (self.sees - 1), 1), 100 * self.latency.tolerance
        if seen_percent > tolerated_percent:
            if self.judged_by is not JudgedBy.MEMORY and self.latency.kind is not VerdictKind.UNDECIDED:
                return f"these {self.judged_by} alone see {seen_percent:.1f} %"
            return f"cannot see {tolerated_percent:g} % here: only {seen_percent:.1f} %"
        return f"sees {seen_percent:.1f} %"

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as it is kept in a run's JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` wrote. Raises TypeError, ValueError or LookupError for anything else."""
        read = {
            "kind": VerdictKind(data["kind"]),
            "findings": tuple(Finding.from_json(finding) for finding in data["findings"]),
            "judged_by": JudgedBy(data.get("judged_by", JudgedBy.MEMORY)),
            "caveats": tuple(data.get("caveats", ())),
        }
        return cls(**{**data, **read})

    def __str__(self) -> str:
        """State the kind, why, what could have been seen, and what the verdict lacks."""
        parts = [f"{self.kind}: {self.sentence}", *([self.sight] if self.sight else []), *self.caveats]
        return "; ".join(parts)


def sentence(kind: VerdictKind, findings: Sequence[Finding], sessions: int, baseline_sessions: int) -> str:
    """State a verdict that rests on findings, with its figures. ``kind`` is one that sessions are judged to be."""
    latency = findings[0]
    effort = f"{counted(sessions)} against {baseline_sessions} of the baseline"
    interval = latency.interval
    if kind is VerdictKind.REGRESSED:
        worst = worst_of(findings)
        return f"{worst.watch} {percent(worst.ratio)} ({worst.interval}), {effort}"
    if kind is VerdictKind.UNCHANGED:
        return f"no slower than {100 * latency.tolerance:g} %: {percent(latency.ratio)} ({interval}), {effort}"
    if kind is VerdictKind.IMPROVED:
        return f"faster: {percent(latency.ratio)} ({interval}), {effort}"
    return f"{percent(latency.ratio)} ({interval}): {_what_is_open(findings)}, {effort}"


def worst_of(findings: Sequence[Finding]) -> Finding:
    """Return the finding that a regression is named by: the latency's if it is slower, else the largest one."""
    regressed = [finding for finding in findings if finding.kind is VerdictKind.REGRESSED]
    if regressed[0] is findings[0]:
        return regressed[0]
    return max(regressed, key=lambda finding: finding.ratio)


def _what_is_open(findings: Sequence[Finding]) -> str:
    latency = findings[0]
    plain = next((finding for finding in findings if finding.watch == PLAIN_LATENCY.name), None)
    if plain and latency.high < 1 + latency.tolerance and plain.ratio >= 1 + plain.tolerance:
        return f"not slower once waiting and the machine's speed are taken out, but {plain}"
    if latency.suspicious:
        return f"a slowdown of {100 * latency.tolerance:g} % is neither shown nor excluded"
    return "not slower; whether it is faster is not certain"


def disturbed_sentence(sessions: int, *, of_baseline: bool) -> str:
    """State that none of ``sessions``, the baseline's or the measured ones, had enough undisturbed rounds."""
    count = f"all {sessions} sessions" if sessions > 1 else "the session"
    whose = "of the baseline" if of_baseline else "measured"
    return (
        f"other work ran during {count} {whose}: nothing can be said; see `python -m perf machine --check`, "
        "and measure again"
    )


def percent(ratio: float) -> str:
    """Format a ratio as a signed change: 1.031 as ``+3.1 %``."""
    return f"{100 * (ratio - 1):+.1f} %"


def counted(sessions: int) -> str:
    """Format a number of sessions, in the singular or the plural."""
    return "1 session" if sessions == 1 else f"{sessions} sessions"
