"""The verdict on one row, and on the ladder: what may be said of new sessions against the baseline's.

The rule, for each watched quantity, after the k-th fresh session (k up to 5):

- ``regressed`` if the shift is above zero with a confidence of 1 - alpha_k, and not shown to be within tolerance.
- ``unchanged`` if its interval lies within the tolerance (a speed-up, which alarms nobody, has twice the room).
- ``improved`` if it is below zero with a confidence of 1 - alpha_k.
- otherwise ``undecided``; while a slowdown beyond the tolerance is not excluded, another fresh session is asked for.

Looking again after each session is paid for: the alpha_k of a row add up to its share of FALSE_ALARMS, which is that
of the whole ladder, so by Bonferroni's inequality the ladder's rate holds however rows, looks and watched quantities
depend on each other. Most of it is spent on the last look, which is where small slowdowns are told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from perf.records.session_record import SessionRecord
from perf.stats.level import Level, Powers, have_one_probe, powers
from perf.stats.shift import Shift, shift
from perf.stats.watch import LATENCY, WATCHES, Watch

FALSE_ALARMS = 0.01  # of the whole ladder, over all rows, looks and quantities
SPEND = (0.03, 0.05, 0.08, 0.14, 0.7)  # of a row's false alarms, by look
MAX_SESSIONS = len(SPEND)
SURE = 0.95  # one-sided, of "no slower than the tolerance"
SPEED_UP_ROOM = 2.0


class VerdictKind(StrEnum):
    """What is said of a row."""

    REGRESSED = "regressed"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    UNDECIDED = "undecided"
    DISTURBED = "disturbed"
    INVALID = "invalid"
    NO_BASELINE = "no baseline"


FAILING = {VerdictKind.REGRESSED, VerdictKind.INVALID}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One watched quantity, new over baseline. ``low`` and ``high`` bound the ratio, 5 % beyond either."""

    watch: str
    kind: VerdictKind
    ratio: float
    low: float
    high: float
    tolerance: float
    suspicious: bool

    def __str__(self) -> str:
        return f"{self.watch} {percent(self.ratio)} [{percent(self.low)}, {percent(self.high)}]"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is said of a row, in one sentence, and what it rests on; the first finding is the latency's."""

    kind: VerdictKind
    sentence: str
    findings: tuple[Finding, ...] = ()
    sessions: int = 0
    baseline_sessions: int = 0

    @property
    def fails(self) -> bool:
        return self.kind in FAILING

    @property
    def suspicious(self) -> bool:
        """Whether a fresh session could still change what is said."""
        if self.kind is VerdictKind.DISTURBED:
            return not self.findings  # nothing could be read yet; a drift of the machine is another matter
        is_open = self.kind is not VerdictKind.REGRESSED and self.sessions < MAX_SESSIONS
        return is_open and any(finding.suspicious for finding in self.findings)

    @property
    def moved(self) -> bool:
        """Whether these sessions are not of one kind with the baseline's, as far as can be told.

        Where the interval holds "no change", they show how far nights lie apart, which a baseline is to know. So do
        those of a night in which all rows moved together.
        """
        if self.kind is not VerdictKind.UNDECIDED or self.latency is None:
            return self.kind in {VerdictKind.REGRESSED, VerdictKind.IMPROVED}
        is_beyond = abs(math.log(self.latency.ratio)) > math.log1p(self.latency.tolerance)
        return is_beyond and not self.latency.low <= 1 <= self.latency.high

    @property
    def latency(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def properties(self) -> dict[str, str]:
        """For JUnit: the kind, the sentence, and the findings by what was watched."""
        found = {one.watch: f"{one.ratio:.4f} [{one.low:.4f}, {one.high:.4f}]" for one in self.findings}
        return {"verdict": str(self.kind), "says": self.sentence, **found}


@dataclass(frozen=True, kw_only=True)
class BaselineLevels:
    """The baseline's sessions, read once: what new ones are held against."""

    sessions: Sequence[SessionRecord]
    powers: Powers
    levels: Mapping[str, Sequence[Level]]

    @classmethod
    def of(cls, baseline: Sequence[SessionRecord], *, probed: bool = True) -> Self:
        """``probed``: whether the machine's speed is taken out by the probe, which all sessions must have for that."""
        found = powers(baseline, probed=probed and have_one_probe(baseline))
        levels = {watch.name: watch.levels(baseline, found) for watch in WATCHES}
        return cls(sessions=baseline, powers=found, levels=levels)

    def beside(self, sessions: Sequence[SessionRecord]) -> BaselineLevels:
        """The reference to hold these sessions against: one that knows no probe if theirs is another."""
        if not self.powers.probe or have_one_probe([*self.sessions[:1], *sessions]):
            return self
        return BaselineLevels.of(self.sessions, probed=False)


def judge(
    reference: BaselineLevels, sessions: Sequence[SessionRecord], *, rows: int = 1, looks: int = MAX_SESSIONS
) -> Verdict:
    """The verdict on ``sessions``, measured one after another, of which there may be ``looks``.

    ``rows`` is how many rows are judged in the same ladder.
    """
    reference = reference.beside(sessions)
    found = len(LATENCY.levels(sessions, reference.powers))
    usual = len(reference.levels[LATENCY.name])
    if not usual or not found:
        return _disturbed(len(sessions) if usual else len(reference.sessions), of_baseline=not usual)
    alpha = FALSE_ALARMS / rows * spend(found, looks)
    findings = tuple(finding for watch in WATCHES if (finding := _find(watch, reference, sessions, alpha)))
    kind = VerdictKind.REGRESSED if any(one.kind is VerdictKind.REGRESSED for one in findings) else findings[0].kind
    verdict = Verdict(kind=kind, sentence="", findings=findings, sessions=found, baseline_sessions=usual)
    return replace(verdict, sentence=_sentence(verdict))


def spend(look: int, looks: int) -> float:
    """The part of a row's false alarms that this look may cause; the last one has what the others leave."""
    return SPEND[look - 1] if look < looks else sum(SPEND[looks - 1 :])


def _find(watch: Watch, reference: BaselineLevels, sessions: Sequence[SessionRecord], alpha: float) -> Finding | None:
    """The finding on one quantity, or None where it was not recorded."""
    usual, new = reference.levels[watch.name], watch.levels(sessions, reference.powers)
    if not usual or not new:
        return None
    moved = shift(usual, new, watch.prior)
    return Finding(
        watch=watch.name,
        kind=_kind(watch, moved, alpha * watch.share),
        ratio=math.exp(moved.mean),
        low=math.exp(moved.quantile(1 - SURE)),
        high=math.exp(moved.quantile(SURE)),
        tolerance=watch.tolerance,
        suspicious=_is_suspicious(watch, moved),
    )


def _kind(watch: Watch, moved: Shift, alpha: float) -> VerdictKind:
    tolerance = math.log1p(watch.tolerance)
    not_slower = moved.quantile(SURE) < tolerance
    if not_slower and moved.quantile(1 - SURE) > -SPEED_UP_ROOM * tolerance:
        return VerdictKind.UNCHANGED
    # A quantity behind the latency has to have moved by what matters, not only for certain.
    least = 0.0 if watch is LATENCY else tolerance
    if not not_slower and moved.quantile(alpha) > 0 and moved.mean > least:
        return VerdictKind.REGRESSED
    if moved.quantile(1 - alpha) < 0 and moved.mean < -least:
        return VerdictKind.IMPROVED
    return VerdictKind.UNDECIDED


def _is_suspicious(watch: Watch, moved: Shift) -> bool:
    """Of the latency, a slowdown must be excluded; of the others, one must have shown itself."""
    if watch is LATENCY:
        return moved.quantile(SURE) >= math.log1p(watch.tolerance)
    return moved.quantile(1 - SURE) > 0 and moved.mean > math.log1p(watch.tolerance)


def _disturbed(sessions: int, *, of_baseline: bool) -> Verdict:
    count = f"all {sessions} sessions" if sessions > 1 else "the session"
    return Verdict(
        kind=VerdictKind.DISTURBED,
        sentence=f"other work ran beside {count} {'of the baseline' if of_baseline else 'measured'}: nothing can be "
        "said; see `python -m perf machine --check`, and measure again",
    )


def _sentence(verdict: Verdict) -> str:
    """What is said of the row, with the figures it rests on."""
    latency = verdict.findings[0]
    effort = f"{counted(verdict.sessions)} against {verdict.baseline_sessions} of the baseline"
    interval = f"{percent(latency.low)} to {percent(latency.high)}"
    if verdict.kind is VerdictKind.REGRESSED:
        worst = [one for one in verdict.findings if one.kind is VerdictKind.REGRESSED]
        named = worst[0] if worst[0] is latency else max(worst, key=lambda one: one.ratio)
        return f"{named.watch} {percent(named.ratio)} ({percent(named.low)} to {percent(named.high)}), {effort}"
    said = {
        VerdictKind.UNCHANGED: f"no slower than {latency.tolerance:.0%}: {percent(latency.ratio)} ({interval})",
        VerdictKind.IMPROVED: f"faster: {percent(latency.ratio)} ({interval})",
        VerdictKind.UNDECIDED: f"{percent(latency.ratio)} ({interval}): {_what_is_open(latency)}",
    }
    return f"{said[verdict.kind]}, {effort}"


def _what_is_open(latency: Finding) -> str:
    if latency.suspicious:
        return f"a slowdown of {latency.tolerance:.0%} is neither shown nor excluded"
    return "not slower; whether it is faster is not certain"


def percent(ratio: float) -> str:
    """A ratio as a signed change."""
    return f"{100 * (ratio - 1):+.1f} %"


def counted(sessions: int) -> str:
    return "1 session" if sessions == 1 else f"{sessions} sessions"
