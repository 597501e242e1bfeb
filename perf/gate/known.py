"""Regressions that are known: which of a run's regressed rows an entry covers, and which entries nothing needs.

An entry covers a slowdown of its quantity up to a percentage and until a date. What counts is the slowdown's estimate,
not an end of its interval: with the lower end a row could be clearly slower than is known and pass, and with the upper
end one as slow as is known would fail on most nights. A row whose every slowdown is covered is ``known``; with one that
is not, it stays ``regressed``, and its sentence says which. Where something else seems to have grown and nobody is sure
yet, the row is ``undecided``: what is known must not hide what is not.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from perf.stats.tolerances import LIKE_LATENCY
from perf.stats.verdict import Finding, Verdict, VerdictKind, percent
from perf.stats.watch import LATENCY

Slowdowns = Mapping[str, float]  # ratios, by quantity: those that were found

DECIDED = {VerdictKind.REGRESSED, VerdictKind.KNOWN, VerdictKind.UNCHANGED, VerdictKind.IMPROVED}


@dataclass(frozen=True, kw_only=True)
class KnownRegression:
    """An entry: ``row`` and ``machine`` are patterns, ``up_to`` is a fraction, ``until`` the last day that counts."""

    row: str
    quantity: str
    up_to: float
    why: str
    until: datetime.date
    machine: str = "*"

    def is_about(self, row: str, quantity: str) -> bool:
        """Tell whether the entry is about this quantity of this row; the latency's covers what is most of it too."""
        quantities = {self.quantity, *LIKE_LATENCY} if self.quantity == LATENCY.name else {self.quantity}
        return fnmatchcase(row, self.row) and quantity in quantities

    def is_past(self, today: datetime.date) -> bool:
        """Tell whether the entry no longer counts."""
        return today > self.until

    def covers(self, ratio: float, today: datetime.date) -> bool:
        """Tell whether a slowdown is within what is known."""
        return ratio <= 1 + self.up_to and not self.is_past(today)

    @property
    def extent(self) -> str:
        """How much is known until when, in words."""
        return f"known up to {percent(1 + self.up_to)} until {self.until}"


@dataclass(frozen=True)
class KnownRegressions:
    """The entries of a file that are for this machine.

    ``base_names`` has the names of the rows of which others are settings in a sweep, by the names of these.
    """

    path: Path
    entries: tuple[KnownRegression, ...] = ()
    base_names: Mapping[str, str] = field(default_factory=dict)

    def settle(self, verdicts: Mapping[str, Verdict], today: datetime.date) -> dict[str, Verdict]:
        """Return the verdicts of a run, by row, those on regressed rows as the entries have it on this day."""
        return {
            name: settle_row(self._base_name(name), verdict, slowdowns(verdict), self.entries, today)
            for name, verdict in verdicts.items()
        }

    def notes(self, verdicts: Mapping[str, Verdict], today: datetime.date) -> list[str]:
        """Return a line for each entry that is past its date, or that no row of the run needs any more."""
        lines = []
        for entry in self.entries:
            title = f"{self.path}: {entry.row}, {entry.quantity}"
            judged = {name: each for name, each in verdicts.items() if fnmatchcase(self._base_name(name), entry.row)}
            slower = [
                name for name, verdict in judged.items() if _needs(entry, self._base_name(name), slowdowns(verdict))
            ]
            if entry.is_past(today):
                lines.append(f"{title}: was known until {entry.until}, which is past")
            elif judged and not slower and all(verdict.kind in DECIDED for verdict in judged.values()):
                rows = " and ".join(judged) + (" has" if len(judged) == 1 else " have")
                lines.append(f"{title}: not needed any more, {rows} not regressed in it")
        return lines

    def _base_name(self, row: str) -> str:
        """Return the name that an entry would give the row."""
        return self.base_names.get(row, row)


def _needs(entry: KnownRegression, row: str, slower: Slowdowns) -> bool:
    return any(entry.is_about(row, quantity) for quantity in slower)


def slowdowns(verdict: Verdict) -> dict[str, float]:
    """Return what became slower, or larger, whether it is known or not: ratios, by quantity."""
    slower = {VerdictKind.REGRESSED, VerdictKind.KNOWN}
    return {finding.watch: finding.own_ratio for finding in verdict.findings if finding.kind in slower}


def settle_row(
    row: str, verdict: Verdict, slower: Slowdowns, entries: Sequence[KnownRegression], today: datetime.date
) -> Verdict:
    """Return the verdict on a row as the entries have it; one of no known slowdown is as it was."""
    about = {quantity: [entry for entry in entries if entry.is_about(row, quantity)] for quantity in slower}
    if verdict.kind is not VerdictKind.REGRESSED or not any(about.values()):
        return verdict
    covering = {quantity: _covering(about[quantity], ratio, today) for quantity, ratio in slower.items()}
    if all(covering.values()):
        reasons = dict.fromkeys(f"{entry.extent}: {entry.why}" for entry in covering.values() if entry)
        return _with_known(verdict, [_as_known(row, each, entries, today) for each in verdict.findings], list(reasons))
    open_ratios = {quantity: ratio for quantity, ratio in slower.items() if covering[quantity] is None}
    return replace(verdict, sentence="; ".join([verdict.sentence, *_complaints(open_ratios, about, today)]))


def _as_known(row: str, finding: Finding, entries: Sequence[KnownRegression], today: datetime.date) -> Finding:
    """Return a finding that an entry covers as a known one, of which nobody needs to be any surer."""
    about = [entry for entry in entries if entry.is_about(row, finding.watch)]
    if not _covering(about, finding.own_ratio, today):
        return finding
    kind = VerdictKind.KNOWN if finding.kind is VerdictKind.REGRESSED else finding.kind
    return replace(finding, kind=kind, suspicious=False)


def _with_known(verdict: Verdict, findings: Sequence[Finding], reasons: Sequence[str]) -> Verdict:
    """Return the verdict on a row whose every slowdown is known for these reasons."""
    seems = [
        f"{each.watch} seems {percent(each.own_ratio)} ({each.interval}), which is neither sure nor known"
        for each in findings
        if each.suspicious
    ]
    return replace(
        verdict,
        kind=VerdictKind.UNDECIDED if seems else VerdictKind.KNOWN,
        sentence="; ".join([verdict.sentence, *reasons, *seems]),
        findings=tuple(findings),
    )


def _covering(entries: Sequence[KnownRegression], ratio: float, today: datetime.date) -> KnownRegression | None:
    return next((entry for entry in entries if entry.covers(ratio, today)), None)


def _complaints(slower: Slowdowns, about: Mapping[str, Sequence[KnownRegression]], today: datetime.date) -> list[str]:
    """Say why no entry covers these slowdowns; those of the same entry together."""
    by_entry: dict[KnownRegression | None, dict[str, float]] = {}
    for quantity, ratio in slower.items():
        by_entry.setdefault(_nearest(about[quantity], today), {})[quantity] = ratio
    return [_complaint(entry, ratios, today) for entry, ratios in by_entry.items()]


def _nearest(entries: Sequence[KnownRegression], today: datetime.date) -> KnownRegression | None:
    """Return the most generous entry that still counts, or else the latest; None for none."""
    counting = [entry for entry in entries if not entry.is_past(today)]
    if counting:
        return max(counting, key=lambda entry: entry.up_to)
    return max(entries, key=lambda entry: entry.until, default=None)


def _complaint(entry: KnownRegression | None, slower: Slowdowns, today: datetime.date) -> str:
    """Say what is wrong with the entry for these slowdowns, or that there is none."""
    if entry is None:
        named = [f"{quantity} {percent(ratio)}" for quantity, ratio in slower.items()]
        return f"not among the known regressions: {', '.join(named)}"
    quantities, now = ", ".join(slower), ", ".join(map(percent, slower.values()))
    if entry.is_past(today):
        return f"{quantities} known until {entry.until}, which is past, now {now}: {entry.why}"
    return f"{quantities} {entry.extent}, now {now}: {entry.why}"
