"""A second look at slower rows: in turns with the stack that the baseline was accepted with, the anchor.

A stored baseline cannot tell a slower machine from slower software. Where packages differ from the baseline's, the two
stacks are measured in turns on the machine as it is now, and that verdict counts. Where all software is the same, it
cannot have become slower: the machine has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import judge
from perf.errors import BadInput, WorkerError
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.anchor import AnchoredRow, prepare
from perf.measure.run import Run
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.verdict import Verdict, VerdictKind

KIND_OF_PAIRED = {
    PairedVerdict.REGRESSED: VerdictKind.REGRESSED,
    PairedVerdict.IMPROVED: VerdictKind.IMPROVED,
    PairedVerdict.EQUIVALENT: VerdictKind.UNCHANGED,
    PairedVerdict.UNDECIDED: VerdictKind.UNDECIDED,
}


class AnchorComparison:
    """The comparisons of one run with the anchors of its rows; ``results`` are the paired ones, by row."""

    def __init__(self, run: Run, gate: Gate) -> None:
        self.results: dict[str, ComparedRow] = {}
        self._run = run
        self._gate = gate

    def reconsider(self, row: MeasuredRow, verdict: Verdict) -> Verdict:
        """Return the verdict that counts for a row whose sessions have given ``verdict`` against the baseline's.

        It is the same one unless a slowdown is suspected. Then the two stacks are measured in turns, for about the
        settings' ``pairs_budget_s``, or the machine is named if no software has changed.
        """
        if not suspects_slowdown(verdict):
            return verdict
        if self._gate.is_same_software(row):
            return blame_machine(verdict, self._gate.particular_changes())
        if not self._gate.package_changes(row):
            return verdict
        try:
            result = self._compare(row)
        except (BadInput, WorkerError) as error:
            return add_failure(verdict, str(error).splitlines()[0])
        self.results[row.variant.name] = result
        if result.verdict is PairedVerdict.INVALID:
            return add_failure(verdict, result.sentence)
        return replace_by_paired(verdict, result)

    def to_json(self, name: str) -> dict[str, Any]:
        """Return what the row's record gets: its paired result, if it was compared."""
        return {"paired": self.results[name].to_json()} if name in self.results else {}

    def _compare(self, row: MeasuredRow) -> ComparedRow:
        baseline_row = self._gate.baseline_row(row.variant)
        assert baseline_row is not None, "a row whose packages changed has a baseline"
        anchored = AnchoredRow(variant=row.variant, path=self._gate.path, before=baseline_row, stack=row.stack)
        reference = prepare([anchored], self._run.machine, self._run.say)[row.variant.name]
        if isinstance(reference, BadInput):
            raise reference
        for caveat in reference.caveats:
            self._run.say(f"{row.variant.name}: {caveat}")
        stack_pair = reference.pair_with(row.stack)
        paired_run = PairedRun(row.variant, stack_pair, self._run, self._run.settings.pairs_budget_s)
        paired_run.all_pairs()
        return judge(paired_run, self._run)


def suspects_slowdown(verdict: Verdict) -> bool:
    """Return whether a slowdown has been found, or could not be excluded."""
    if verdict.kind is VerdictKind.UNDECIDED:
        return verdict.latency is not None and verdict.latency.suspicious
    return verdict.kind is VerdictKind.REGRESSED


def add_failure(verdict: Verdict, reason: str) -> Verdict:
    """Return the gate's own verdict, which stands where the two stacks could not be compared, with the reason."""
    sentence = f"{verdict.sentence}; it could not be measured in turns with the baseline's stack: {reason}"
    return replace(verdict, sentence=sentence)


def blame_machine(verdict: Verdict, particulars: list[str]) -> Verdict:
    """Return the verdict where the software is the same: what became slower is the machine."""
    changed = f" ({'; '.join(particulars)})" if particulars else ""
    sentence = f"the machine drifted{changed}: {verdict.sentence}, with the same packages, worker and kernels"
    return replace(verdict, kind=VerdictKind.DISTURBED, sentence=sentence)


def replace_by_paired(verdict: Verdict, result: ComparedRow) -> Verdict:
    """Return the verdict of the pairs in the gate's terms, with what they could have seen.

    The findings against the baseline's sessions are kept otherwise.
    """
    sentence = f"in turns with the baseline's stack {result.sentence}; against its sessions {verdict.sentence}"
    findings = verdict.findings
    if findings and result.latency:
        findings = (replace(findings[0], sees=result.latency.sees), *findings[1:])
    return replace(verdict, kind=KIND_OF_PAIRED[result.verdict], sentence=sentence, findings=findings)
