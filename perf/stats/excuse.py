"""What excuses a row of the same software: the machine, as far as the other rows show it, and no further.

Where nothing differs but the night, a row may be slower because the machine is. Two things show that: the probe, which
is taken out of every shift already (perf.stats.shift), and the other rows. Where at least FEWEST_ROWS others surely
moved, the row is judged by what is left of its shift beyond theirs (perf.stats.machine_shift), by the rule of
perf.stats.decision:

- A row that was slower stays ``regressed`` if what is left is, and is ``disturbed`` if not; so is one that was
  ``undecided``, if what is left is shown to be within the tolerance.
- A row that was ``improved`` is ``disturbed`` if what is left is not.
- A row that looked no slower beside others that are all faster is ``regressed``, or at least ``undecided``, if what is
  left is: a faster machine must not hide a slower row.

The burden of proof is on the excuse: without enough other rows, or where they do not surely agree, nothing is excused.
And it must fail itself where it matters, as perf.stats.machine_verdict does by the latency: where the others' latency
has not moved, nothing else of a row is excused, be it threads that wait in all of them; memory and instructions never
are. Joules are where the others are slower and use more too, as a machine that takes longer is on for longer. Where it
is as fast as ever, or faster, they are not: nothing else would tell of a machine that uses more.

The kernel's counters, where a machine has them, have their say before and after. A row that surely executes more
instructions, and not by threads that spin, is ``regressed`` whatever the other rows show: that is software, whatever
the packages say. One that is slower by the same instructions may be excused by its clock (perf.stats.clock_excuse),
and else is told with what its seconds went into.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from perf.records.session_record import SessionRecord
from perf.stats.clock_excuse import excuse_by_clock
from perf.stats.decision import (
    SURE,
    BaselineLevels,
    Errors,
    finding,
    with_doubt,
)
from perf.stats.instruction_change import InstructionChange, costs_of, factors, in_words
from perf.stats.machine_shift import FEWEST_ROWS, Beside, PooledRows, RowLevels
from perf.stats.mixture import Mixture
from perf.stats.verdict import Finding, Verdict, VerdictKind, counted, percent, sentence
from perf.stats.watch import ENERGIES, INSTRUCTIONS, LATENCY, PEAK_MEMORY, Watch

SURELY_MOVED = 0.99  # one-sided, of the other rows

NO_SLOWER = {VerdictKind.UNCHANGED, VerdictKind.IMPROVED}


@dataclass(frozen=True)
class Remainder:
    """A finding in the light of the other rows: as it was ``seen``, ``left`` beyond them, and what they show."""

    seen: Finding
    left: Finding
    beside: Beside

    @property
    def is_slower_machine(self) -> bool:
        """Whether the other rows are slower; else they are faster."""
        return self.beside.machine.mean > 0

    @property
    def is_excused(self) -> bool:
        """Whether the machine is why the row looks slower, or may be, or why it looks faster."""
        if not self.is_slower_machine:
            return self.seen.kind is VerdictKind.IMPROVED and self.left.kind is not VerdictKind.IMPROVED
        if self.seen.kind is VerdictKind.REGRESSED:
            return self.left.kind is not VerdictKind.REGRESSED
        return self.seen.kind is VerdictKind.UNDECIDED and self.left.kind in NO_SLOWER

    @property
    def is_hidden(self) -> bool:
        """Whether a faster machine is why the row does not look slower."""
        if self.is_slower_machine or self.seen.kind is VerdictKind.REGRESSED:
            return False
        return self.left.kind is VerdictKind.REGRESSED or (
            self.left.kind is VerdictKind.UNDECIDED and self.left.suspicious
        )

    @property
    def counts(self) -> bool:
        """Whether the verdict on this quantity is that on what is left."""
        was_slower = self.seen.kind is VerdictKind.REGRESSED and self.is_slower_machine
        return was_slower or self.is_excused or self.is_hidden

    @property
    def finding(self) -> Finding:
        """The finding as it was seen, with what holds of what is left of it."""
        return replace(
            self.seen,
            kind=self.left.kind,
            suspicious=self.left.suspicious,
            sees=self.left.sees,
            explained=math.exp(self.beside.machine.mean),
        )


class SameSoftwareRows:
    """The rows of a ladder whose software is that of their baselines, pooled by quantity when first asked for."""

    def __init__(
        self, references: Mapping[str, BaselineLevels], sessions: Mapping[str, Sequence[SessionRecord]]
    ) -> None:
        self._references = {name: each.comparable_with(sessions[name]) for name, each in references.items()}
        self._sessions = sessions
        self._pooled: dict[str, PooledRows] = {}
        self._rows: dict[str, dict[str, RowLevels]] = {}

    def beside(self, name: str, watch: Watch) -> Beside | None:
        """Return what the other rows show beside this one; None if there are too few."""
        if watch.name not in self._rows:
            self._rows[watch.name] = self._levels(watch)
        rows = self._rows[watch.name]
        if name not in rows or len(rows) <= FEWEST_ROWS:
            return None
        if watch.name not in self._pooled:
            self._pooled[watch.name] = PooledRows(rows, watch.prior)
        return self._pooled[watch.name].beside(name)

    def of_row(self, name: str) -> tuple[BaselineLevels, Sequence[SessionRecord]]:
        """Return a row's baseline, as far as it can be compared, and its new sessions."""
        return self._references[name], self._sessions[name]

    def _levels(self, watch: Watch) -> dict[str, RowLevels]:
        rows = {}
        for name, reference in self._references.items():
            baseline, new = reference.levels[watch.name], watch.levels(self._sessions[name], reference.powers)
            if baseline and new:
                rows[name] = RowLevels(baseline, new)
        return rows


def excuse(name: str, verdict: Verdict, rows: SameSoftwareRows, watches: Sequence[Watch], errors: Errors) -> Verdict:
    """Return the verdict on a row of the same software in the light of its counters and of the other rows."""
    if executes_more(verdict):
        return replace(verdict, sentence=f"{verdict.sentence}; {InstructionChange.MORE}, whatever the packages say")
    excused = _beside_others(name, verdict, rows, watches, errors)
    if excused is verdict and is_slower(verdict):
        excused = excuse_by_clock(verdict, *rows.of_row(name), watches, errors)
    return _with_reason(excused, *rows.of_row(name)) if is_slower(excused) else excused


def executes_more(verdict: Verdict) -> bool:
    """Tell whether a row surely executes more instructions than before, by more than what matters, and not spinning."""
    instructions = verdict.finding_on(INSTRUCTIONS.name)
    return instructions is not None and instructions.kind is VerdictKind.REGRESSED


def is_slower(verdict: Verdict) -> bool:
    """Tell whether the latency of a row is slower, with nothing to excuse it."""
    return verdict.latency is not None and verdict.latency.kind is VerdictKind.REGRESSED


def _with_reason(verdict: Verdict, reference: BaselineLevels, sessions: Sequence[SessionRecord]) -> Verdict:
    """Return the verdict on a slower row with what its counters say of why; unchanged where they say nothing sure."""
    instructions, costs = verdict.finding_on(INSTRUCTIONS.name), costs_of(reference.sessions, sessions)
    if instructions is None or instructions.kind is not VerdictKind.UNCHANGED or costs is None:
        return verdict
    reasons = in_words(factors(*costs))
    return replace(verdict, sentence=f"{verdict.sentence}; {InstructionChange.SAME}, the seconds change by {reasons}")


def _beside_others(
    name: str, verdict: Verdict, rows: SameSoftwareRows, watches: Sequence[Watch], errors: Errors
) -> Verdict:
    """Return the verdict on a row in the light of the other rows, the same where they show nothing of it."""
    remainders: dict[str, Remainder] = {}
    for watch in watches:
        seen = verdict.finding_on(watch.name)
        if seen and _is_asked(seen, watch, remainders) and (remainder := _remainder(name, seen, rows, watch, errors)):
            remainders[watch.name] = remainder
    counting = {name: remainder for name, remainder in remainders.items() if remainder.counts}
    if not counting:
        return verdict
    findings = with_doubt(
        tuple(counting[each.watch].finding if each.watch in counting else each for each in verdict.findings)
    )
    kind = _kind(verdict, findings, counting)
    return replace(verdict, kind=kind, findings=findings, sentence=_sentence(kind, verdict, findings, counting))


def _is_asked(seen: Finding, watch: Watch, remainders: Mapping[str, Remainder]) -> bool:
    """Tell whether the other rows may change what holds of a quantity, given what they said of those before it."""
    if watch.name == LATENCY.name:
        return True
    latency = remainders.get(LATENCY.name)
    if latency is None or watch.name in {PEAK_MEMORY.name, INSTRUCTIONS.name}:
        return False
    if watch.name in ENERGIES and not latency.is_slower_machine:
        return False
    if watch.luck_adds:
        return seen.kind is VerdictKind.REGRESSED  # which it is not before the last look
    is_open = seen.suspicious or seen.kind is VerdictKind.REGRESSED
    return is_open or latency.counts or not latency.is_slower_machine


def _remainder(name: str, seen: Finding, rows: SameSoftwareRows, watch: Watch, errors: Errors) -> Remainder | None:
    """Return what is left of a finding, or None where the other rows do not surely show anything."""
    beside = rows.beside(name, watch)
    if beside is None or not surely_moved(beside.machine):
        return None
    return Remainder(seen, finding(watch, beside.remainder, errors), beside)


def surely_moved(machine: Mixture) -> bool:
    """Tell whether a shift is surely not zero."""
    below = machine.below(0)
    return below < 1 - SURELY_MOVED or below > SURELY_MOVED


def _kind(verdict: Verdict, findings: Sequence[Finding], counting: Mapping[str, Remainder]) -> VerdictKind:
    """Return what holds of a row of these findings, some of which the other rows explain."""
    if any(each.kind is VerdictKind.REGRESSED for each in findings):
        return VerdictKind.REGRESSED
    if verdict.kind is VerdictKind.REGRESSED:
        return VerdictKind.DISTURBED
    latency = findings[0]
    is_excused = latency.watch in counting and counting[latency.watch].is_excused
    return VerdictKind.DISTURBED if is_excused and not latency.suspicious else latency.kind


def _sentence(
    kind: VerdictKind, verdict: Verdict, findings: Sequence[Finding], counting: Mapping[str, Remainder]
) -> str:
    """State what was seen, what the other rows show, and what is left."""
    telling = {
        name: remainder
        for name, remainder in counting.items()
        if kind is not VerdictKind.REGRESSED or remainder.left.kind is VerdictKind.REGRESSED
    }
    if not telling:
        return sentence(kind, findings, verdict.sessions, verdict.baseline_sessions)
    if kind is verdict.kind and kind is not VerdictKind.REGRESSED:
        return verdict.sentence
    worst = telling.get(LATENCY.name) or max(telling.values(), key=lambda remainder: remainder.seen.ratio)
    seen, left, machine = worst.seen, worst.left, worst.beside.machine
    low, high = math.exp(machine.quantile(1 - SURE)), math.exp(machine.quantile(SURE))
    others = f"the other {worst.beside.others} rows {_interval(math.exp(machine.mean), low, high)}, see test_machine"
    beyond = f"beyond that {_interval(left.ratio, left.low, left.high)}"
    effort = f"{counted(verdict.sessions)} against {verdict.baseline_sessions} of the baseline"
    machine_is = f"the machine is {'slower' if worst.is_slower_machine else 'faster'}: "
    because = machine_is if kind is VerdictKind.DISTURBED else ""
    return f"{because}{seen.watch} {_interval(seen.ratio, seen.low, seen.high)}, {others}; {beyond}, {effort}"


def _interval(ratio: float, low: float, high: float) -> str:
    return f"{percent(ratio)} ({percent(low)} to {percent(high)})"
