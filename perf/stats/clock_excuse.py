"""What a lower clock explains of a row of the same software that is slower: as much as the counters show, and no more.

Where a row executes the same instructions and takes more time, the counters tell why (perf.stats.instruction_change).
Of these reasons only the clock excuses, because only the clock is surely the machine's:

- Stalls are the machine's where a neighbour uses its memory, and the row's own where its memory lies in a bad place or
  in small pages. The counters are the same. So stalls are named, and excuse nothing.
- Waiting is taken out of the latency already; what is left of it may be the row's own too, a lock or too few threads.
- Time in the kernel likewise: page faults, say.

The burden of proof is on the excuse. The instructions have to be shown to be the same, by the rule of any watched
quantity; cycles and reference cycles have to be known of every session that can be read, at least FEWEST_SESSIONS of
the baseline; and the clock has to be surely lower. Then the row is judged by its latency times its clock, which is what
is left where the clock is taken out in full, by the rule of perf.stats.decision. The probe, which follows the clock
too, is not taken out besides.

A row that leans on memory does not follow the clock in full, so that the excuse may be too large, by at most what the
clock has lost: a slower row may hide behind a lower clock for as long as that lasts. Therefore an excused row is
``disturbed`` and stays open: it is measured again while it may be, and never is an answer (``--require-all``). And what
excuses rows fails itself: a clock that is lower by more than the machine's tolerance fails test_machine, be it that of
one row alone (perf.stats.machine_verdict). A higher clock accuses nobody, for the same reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from perf.records.session_record import Round, SessionRecord
from perf.stats.decision import SURE, BaselineLevels, Errors, finding, with_doubt
from perf.stats.level import Level, Powers, Reading, level, lower_quartile, steadied
from perf.stats.mixture import Mixture
from perf.stats.shift import Prior, shift
from perf.stats.verdict import Finding, Verdict, VerdictKind, counted, percent
from perf.stats.watch import INSTRUCTIONS, LATENCY, NO_DRIFT, Watch

FEWEST_SESSIONS = 2  # of the baseline: a single one does not know by how much a clock differs from session to session
SURELY_LOWER = 0.99  # one-sided
CLOCK_PRIOR = Prior(0.01, **NO_DRIFT)  # turbo changes it by a few hundred MHz; what a machine's own does, it learns


def excuse_by_clock(
    verdict: Verdict,
    reference: BaselineLevels,
    sessions: Sequence[SessionRecord],
    watches: Sequence[Watch],
    errors: Errors,
) -> Verdict:
    """Return the verdict on a row of the same software whose latency is slower, in the light of its clock."""
    instructions = verdict.finding_on(INSTRUCTIONS.name)
    if instructions is None or instructions.kind is not VerdictKind.UNCHANGED:
        return verdict
    clock = clock_shift(reference.sessions, sessions)
    if clock is None or clock.below(0) < SURELY_LOWER:
        return verdict
    powers = reference.without_probe.powers
    left = {
        watch.name: _left(watch, reference.sessions, sessions, powers, errors)
        for watch in watches
        if (seen := verdict.finding_on(watch.name)) and seen.kind is VerdictKind.REGRESSED and _follows_clock(watch)
    }
    findings = with_doubt(tuple(_excused(each, left.get(each.watch), clock) for each in verdict.findings))
    if any(each.kind is VerdictKind.REGRESSED for each in findings):
        return verdict
    sentence = _sentence(verdict, left[LATENCY.name], clock)
    return replace(
        verdict, kind=VerdictKind.DISTURBED, findings=findings, sentence=sentence, clock=math.exp(clock.mean)
    )


def clock_shift(baseline: Sequence[SessionRecord], new: Sequence[SessionRecord]) -> Mixture | None:
    """Return the shift of the clock, as a log ratio; None where it is not known of every session, or of too few."""
    before, after = (_levels(records, clock_of) for records in (baseline, new))
    readable = len(_levels([*baseline, *new], attrgetter(LATENCY.column)))
    if len(before) + len(after) < readable or not after or len(before) < FEWEST_SESSIONS:
        return None
    return shift(before, after, CLOCK_PRIOR)


def clock_of(timed: Round) -> float | None:
    """Return a round's clock, as a share of that of the reference cycles; None where that is not known."""
    return timed.cycles / timed.reference_cycles if timed.cycles and timed.reference_cycles else None


def _levels(records: Sequence[SessionRecord], reading: Reading) -> list[Level]:
    """Return the levels of the sessions that can be read, without the probe."""
    return [replace(known, log_probe_s=None) for each in records if (known := level(each, reading, lower_quartile))]


def _follows_clock(watch: Watch) -> bool:
    """Tell whether a quantity is seconds of the generation."""
    return watch.column.endswith("_s") and watch.column != "load_s"


def _left(
    watch: Watch, baseline: Sequence[SessionRecord], new: Sequence[SessionRecord], powers: Powers, errors: Errors
) -> Finding:
    """Return what is found of a quantity with the clock taken out."""
    plain: Reading = attrgetter(watch.column)

    def in_cycles(timed: Round) -> float | None:
        clock, seconds = clock_of(timed), plain(timed)
        return seconds * clock if clock and seconds else None

    reading = steadied(in_cycles, powers) if watch.is_steadied else in_cycles
    return finding(watch, shift(_levels(baseline, reading), _levels(new, reading), watch.prior), errors)


def _excused(seen: Finding, left: Finding | None, clock: Mixture) -> Finding:
    """Return a finding with what is left of it; that on the latency stays open."""
    if left is None:
        return seen
    return replace(
        seen,
        kind=left.kind,
        suspicious=left.suspicious or seen.watch == LATENCY.name,
        sees=left.sees,
        explained=math.exp(-clock.mean),
    )


def _sentence(verdict: Verdict, left: Finding, clock: Mixture) -> str:
    """State what was seen, what the clock did, and what is left."""
    seen = verdict.latency
    assert seen is not None
    low, high = (percent(math.exp(clock.quantile(bound))) for bound in (1 - SURE, SURE))
    return (
        f"the machine's clock is lower: latency {percent(seen.ratio)} ({seen.interval}), by the same instructions at a "
        f"clock of {percent(math.exp(clock.mean))} ({low} to {high}); beyond that {percent(left.ratio)} "
        f"({left.interval}), {counted(verdict.sessions)} against {verdict.baseline_sessions} of the baseline"
    )
