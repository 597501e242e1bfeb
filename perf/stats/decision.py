"""The rule by which the gate decides: how far new sessions lie from the baseline's, and what follows from that.

For each watched quantity, after the k-th fresh session (k up to 5):

- ``regressed`` if the shift is above zero with a confidence of 1 - alpha_k, and not shown to be within the tolerance.
- ``unchanged`` if it is below the tolerance with a confidence of 1 - miss_k (and no speed-up by twice as much, which
  alarms nobody), and the plain latency, which nothing was taken out of, does not contradict.
- ``improved`` if it is below zero with a confidence of 1 - alpha_k.
- ``undecided`` in all other cases; while a slowdown beyond the tolerance is not excluded, another fresh session is
  asked for.

Looking again is paid for by alpha spending: the alpha_k of a row add up to its share of FALSE_ALARMS, which is that
of the whole ladder, so by Bonferroni's inequality the ladder's rate holds however rows, looks and watched quantities
depend on each other. Most of it is spent on the last look, which is where small slowdowns are told. ``unchanged`` is a
claim too, wrong of a row that is slower by the tolerance with the probability MISSES over all looks: the miss_k of a
row are equal, and add up to it.

The first loads of a night find a cold page cache, two of them or more, an allocator keeps more memory in some
processes, and other work on cores that no row uses takes energy: luck that only adds, and does not average out. So of
load times, peaks of memory and joules the least new one is compared, and only the last look may call it larger.

More instructions are a fault where the software is that of the baseline, since then nothing may have changed them. Of
other software they are evidence: what counts is the time. Nor are those of threads that spin while they wait a fault
(perf.stats.instruction_change).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Self

from perf.records.session_record import SessionRecord
from perf.stats.belief import BELIEF, Belief, Floats
from perf.stats.instruction_change import has_spun
from perf.stats.level import Level, Powers, have_one_probe, learn_powers
from perf.stats.mixture import Mixture
from perf.stats.shift import log_evidence, shift
from perf.stats.verdict import MAX_SESSIONS, Finding, Verdict, VerdictKind, disturbed_sentence, sentence
from perf.stats.watch import INSTRUCTIONS, LATENCY, LUCK_ADDS, PLAIN_LATENCY, WATCHES, Watch

FALSE_ALARMS = 0.01  # of the whole ladder, over all rows, looks and quantities
SPEND = (0.03, 0.05, 0.08, 0.14, 0.7)  # of a row's false alarms, by look; as many as MAX_SESSIONS
MISSES = 0.05  # of the rows that are slower by the tolerance, those called unchanged, at any look
SURE = 0.95  # one-sided, of each bound that is shown
FOUND = 0.95  # how surely the smallest slowdown that a row can see would have been found
SPEED_UP_ROOM = 2.0
LEAST_COMPARED = 2  # sessions, before what luck adds to is called larger: a single one may be unlucky
NO_BELIEFS: Mapping[str, Belief] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Errors:
    """How often one look may be wrong: call an unchanged row slower, or one that is slower by the tolerance unchanged.

    The first is shared by the watched quantities.
    """

    alarm: float
    miss: float


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

    @functools.cached_property
    def log_evidence(self) -> dict[str, Floats]:
        """How well each point of perf.stats.belief's grid explains these sessions, by watched quantity."""
        return {watch.name: log_evidence(self.levels[watch.name], watch.prior) for watch in WATCHES}

    @functools.cached_property
    def without_probe(self) -> BaselineLevels:
        """These levels with the machine's speed left in."""
        return BaselineLevels.of(self.sessions, probed=False) if self.powers.probe else self

    def comparable_with(self, sessions: Sequence[SessionRecord]) -> BaselineLevels:
        """Return what these sessions can be compared with: levels without the probe if they have another one."""
        if not self.powers.probe or have_one_probe([*self.sessions[:1], *sessions]):
            return self
        return self.without_probe


def judge(
    reference: BaselineLevels,
    sessions: Sequence[SessionRecord],
    *,
    rows: int = 1,
    looks: int = MAX_SESSIONS,
    beliefs: Mapping[str, Belief] = NO_BELIEFS,
    watches: Sequence[Watch] = WATCHES,
    is_same_software: bool = False,
) -> Verdict:
    """Decide what holds of a row after its latest session.

    Args:
        reference: the row's baseline.
        sessions: the new ones, in order of time; each that can be read is one look.
        rows: how many rows are judged in the same ladder, which share its false alarms.
        looks: how many sessions there may be at most.
        beliefs: what other rows show of the machine's noise, by watched quantity; see perf.stats.belief.
        watches: those of WATCHES, with the tolerances of this row.
        is_same_software: whether the software is that of the baseline, so that more instructions are a fault.
    """
    reference = reference.comparable_with(sessions)
    baseline_count = len(reference.levels[LATENCY.name])
    new_count = len(LATENCY.levels(sessions, reference.powers))
    if not baseline_count:
        return _disturbed(len(reference.sessions), of_baseline=True)
    if not new_count:
        return _disturbed(len(sessions), of_baseline=False)
    errors = errors_of_look(new_count, rows=rows, looks=looks)
    compared = (_compare(watch, reference, sessions, errors, beliefs.get(watch.name, BELIEF)) for watch in watches)
    findings = with_doubt(tuple(finding for finding in compared if finding))
    if any(map(_blames, findings)) and (not is_same_software or has_spun(reference.sessions, sessions)):
        findings = tuple(map(_without_blame, findings))
    if new_count < max(looks, LEAST_COMPARED):
        findings = tuple(map(_with_patience, findings))
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


def errors_of_look(look: int, *, rows: int, looks: int) -> Errors:
    """Return how often this look at one of so many rows may be wrong."""
    return Errors(alarm=FALSE_ALARMS / rows * spend(look, looks), miss=MISSES / looks)


def spend(look: int, looks: int) -> float:
    """Return the share of a row's false alarms that this look may cause; the last one has what the others leave."""
    return SPEND[look - 1] if look < looks else sum(SPEND[looks - 1 :])


def _disturbed(sessions: int, *, of_baseline: bool) -> Verdict:
    return Verdict(kind=VerdictKind.DISTURBED, sentence=disturbed_sentence(sessions, of_baseline=of_baseline))


def _compare(
    watch: Watch, reference: BaselineLevels, sessions: Sequence[SessionRecord], errors: Errors, belief: Belief
) -> Finding | None:
    """Compare one quantity; None where it was not recorded."""
    baseline, new = reference.levels[watch.name], watch.new_levels(sessions, reference.powers)
    if not baseline or not new:
        return None
    moved = shift(baseline, new, watch.prior, belief)
    return finding(watch, moved, errors)


def finding(watch: Watch, moved: Mixture, errors: Errors) -> Finding:
    """Return what is found of one quantity that has moved so, by the rule of this module."""
    alpha = errors.alarm * watch.share
    return Finding(
        watch=watch.name,
        kind=_kind(watch, moved, alpha, errors.miss),
        ratio=math.exp(moved.mean),
        low=math.exp(moved.quantile(1 - SURE)),
        high=math.exp(moved.quantile(SURE)),
        tolerance=watch.tolerance,
        suspicious=_is_suspicious(watch, moved, errors.miss),
        sees=smallest_seen(moved, alpha),
    )


def smallest_seen(moved: Mixture, alpha: float) -> float:
    """Return the smallest slowdown, as a ratio, that is found with the probability FOUND where alpha may be alarms."""
    return math.exp(moved.quantile(FOUND) - moved.quantile(alpha))


def _kind(watch: Watch, moved: Mixture, alpha: float, miss: float) -> VerdictKind:
    """Apply the rule of this module to one quantity; ``alpha`` and ``miss`` are one-sided."""
    tolerance = math.log1p(watch.tolerance)
    is_not_slower = moved.below(tolerance) > 1 - miss
    is_not_faster = moved.below(-SPEED_UP_ROOM * tolerance) < 1 - SURE
    if is_not_slower and is_not_faster:
        return VerdictKind.UNCHANGED
    # A quantity behind the latency has to have moved by what matters, not only for certain.
    least = 0.0 if watch.name == LATENCY.name else tolerance
    if not is_not_slower and moved.below(0) < alpha and moved.mean > least:
        return VerdictKind.REGRESSED
    if moved.below(0) > 1 - alpha and moved.mean < -least:
        return VerdictKind.IMPROVED
    return VerdictKind.UNDECIDED


def _is_suspicious(watch: Watch, moved: Mixture, miss: float) -> bool:
    """Tell whether to look again: a slowdown of the latency must be excluded, one of the others must have shown."""
    tolerance = math.log1p(watch.tolerance)
    if watch.name == LATENCY.name:
        return moved.below(tolerance) <= 1 - miss
    return moved.below(0) < 1 - SURE and moved.mean > tolerance


def with_doubt(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings with the latency's open again where the plain latency contradicts a good one.

    What is taken out of the latency may be too much. A row whose plain latency rose by what matters is not unchanged.
    """
    latency = findings[0]
    plain = next((each for each in findings if each.watch == PLAIN_LATENCY.name), None)
    if plain is None or latency.kind not in {VerdictKind.UNCHANGED, VerdictKind.IMPROVED}:
        return findings
    if plain.own_ratio < 1 + plain.tolerance:
        return findings
    return (replace(latency, kind=VerdictKind.UNDECIDED, suspicious=True), *findings[1:])


def _blames(finding: Finding) -> bool:
    """Tell whether a finding is of more instructions, sure or not."""
    return finding.watch == INSTRUCTIONS.name and (finding.kind is VerdictKind.REGRESSED or finding.suspicious)


def _without_blame(finding: Finding) -> Finding:
    """Return a finding of more instructions as an open one; no further session would change that."""
    return replace(finding, kind=VerdictKind.UNDECIDED, suspicious=False) if _blames(finding) else finding


def _with_patience(finding: Finding) -> Finding:
    """Return a finding that is slower as an open one, where a later session may have better luck."""
    if finding.kind is VerdictKind.REGRESSED and finding.watch in LUCK_ADDS:
        return replace(finding, kind=VerdictKind.UNDECIDED)
    return finding
