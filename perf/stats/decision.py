"""The rule by which the gate decides: how far new sessions lie from the baseline's, and what follows from that.

For each watched quantity, after the k-th fresh session (k up to 5):

- ``regressed`` if the shift is above zero with a confidence of 1 - alpha_k, and not shown to be within the tolerance.
- ``unchanged`` if its interval lies within the tolerance (a speed-up, which alarms nobody, has twice the room).
- ``improved`` if it is below zero with a confidence of 1 - alpha_k.
- ``undecided`` in all other cases; while a slowdown beyond the tolerance is not excluded, another fresh session is
  asked for.

Looking again is paid for by alpha spending: the alpha_k of a row add up to its share of FALSE_ALARMS, which is that
of the whole ladder, so by Bonferroni's inequality the ladder's rate holds however rows, looks and watched quantities
depend on each other. Most of it is spent on the last look, which is where small slowdowns are told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from perf.records.session_record import SessionRecord
from perf.stats.level import Level, Powers, have_one_probe, learn_powers
from perf.stats.shift import Shift, shift
from perf.stats.verdict import MAX_SESSIONS, Finding, Verdict, VerdictKind, disturbed_sentence, sentence
from perf.stats.watch import LATENCY, WATCHES, Watch

FALSE_ALARMS = 0.01  # of the whole ladder, over all rows, looks and quantities
SPEND = (0.03, 0.05, 0.08, 0.14, 0.7)  # of a row's false alarms, by look; as many as MAX_SESSIONS
SURE = 0.95  # one-sided, of "no slower than the tolerance"
SPEED_UP_ROOM = 2.0


@dataclass(frozen=True, kw_only=True)
class BaselineLevels:
    """The baseline's sessions, read once: what new ones are compared with.

    ``levels`` are the sessions' levels on a log scale, by the name of the watched quantity.
    """

    sessions: Sequence[SessionRecord]
    powers: Powers
    levels: Mapping[str, Sequence[Level]]

    @classmethod
    def of(cls, baseline: Sequence[SessionRecord], *, probed: bool = True) -> Self:
        """Read the baseline.

        Args:
            baseline: sessions of one row, all of the same software.
            probed: whether to take the machine's speed out by the probe, where all sessions have the same one.
        """
        powers = learn_powers(baseline, probed=probed and have_one_probe(baseline))
        levels = {watch.name: watch.levels(baseline, powers) for watch in WATCHES}
        return cls(sessions=baseline, powers=powers, levels=levels)

    def comparable_with(self, sessions: Sequence[SessionRecord]) -> BaselineLevels:
        """Return what these sessions can be compared with: levels without the probe if they have another one."""
        if not self.powers.probe or have_one_probe([*self.sessions[:1], *sessions]):
            return self
        return BaselineLevels.of(self.sessions, probed=False)


def judge(
    reference: BaselineLevels, sessions: Sequence[SessionRecord], *, rows: int = 1, looks: int = MAX_SESSIONS
) -> Verdict:
    """Decide what holds of a row after its latest session.

    Args:
        reference: the row's baseline.
        sessions: the new ones, in order of time; each that can be read is one look.
        rows: how many rows are judged in the same ladder, which share its false alarms.
        looks: how many sessions there may be at most.
    """
    reference = reference.comparable_with(sessions)
    baseline_count = len(reference.levels[LATENCY.name])
    new_count = len(LATENCY.levels(sessions, reference.powers))
    if not baseline_count:
        return _disturbed(len(reference.sessions), of_baseline=True)
    if not new_count:
        return _disturbed(len(sessions), of_baseline=False)
    alpha = FALSE_ALARMS / rows * spend(new_count, looks)
    findings = tuple(finding for watch in WATCHES if (finding := _compare(watch, reference, sessions, alpha)))
    kind = findings[0].kind  # the latency's
    if any(finding.kind is VerdictKind.REGRESSED for finding in findings):
        kind = VerdictKind.REGRESSED
    return Verdict(
        kind=kind,
        sentence=sentence(kind, findings, new_count, baseline_count),
        findings=findings,
        sessions=new_count,
        baseline_sessions=baseline_count,
    )


def spend(look: int, looks: int) -> float:
    """Return the share of a row's false alarms that this look may cause; the last one has what the others leave."""
    return SPEND[look - 1] if look < looks else sum(SPEND[looks - 1 :])


def _disturbed(sessions: int, *, of_baseline: bool) -> Verdict:
    return Verdict(kind=VerdictKind.DISTURBED, sentence=disturbed_sentence(sessions, of_baseline=of_baseline))


def _compare(
    watch: Watch, reference: BaselineLevels, sessions: Sequence[SessionRecord], alpha: float
) -> Finding | None:
    """Compare one quantity; None where it was not recorded."""
    baseline, new = reference.levels[watch.name], watch.levels(sessions, reference.powers)
    if not baseline or not new:
        return None
    moved = shift(baseline, new, watch.prior)
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
    """Apply the rule of this module to one quantity; ``alpha`` is one-sided."""
    tolerance = math.log1p(watch.tolerance)
    is_not_slower = moved.quantile(SURE) < tolerance
    is_not_faster = moved.quantile(1 - SURE) > -SPEED_UP_ROOM * tolerance
    if is_not_slower and is_not_faster:
        return VerdictKind.UNCHANGED
    # A quantity behind the latency has to have moved by what matters, not only for certain.
    least = 0.0 if watch is LATENCY else tolerance
    if not is_not_slower and moved.quantile(alpha) > 0 and moved.mean > least:
        return VerdictKind.REGRESSED
    if moved.quantile(1 - alpha) < 0 and moved.mean < -least:
        return VerdictKind.IMPROVED
    return VerdictKind.UNDECIDED


def _is_suspicious(watch: Watch, moved: Shift) -> bool:
    """Tell whether to look again: a slowdown of the latency must be excluded, one of the others must have shown."""
    if watch is LATENCY:
        return moved.quantile(SURE) >= math.log1p(watch.tolerance)
    return moved.quantile(1 - SURE) > 0 and moved.mean > math.log1p(watch.tolerance)
