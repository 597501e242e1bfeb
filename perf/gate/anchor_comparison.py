"""A night's suspicions, settled: against the baseline's own stack, built again, or by there being nothing that changed.

A stored baseline cannot tell a slower machine from slower software. Where packages differ from the baseline's, the two
stacks are measured in turns on the machine as it is now, and what that says is what counts. Where all software is the
same, it cannot have become slower, and the machine has.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from perf.compare.compared_row import ComparedRow
from perf.compare.paired_run import PairedRun
from perf.compare.row_judgement import judge
from perf.compare.stack_pair import Role, StackPair, probe_for_worker
from perf.errors import BadInput, WorkerError
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.host import environments
from perf.host.stack import Stack
from perf.measure.run import Run
from perf.stats.paired_comparison import PairedVerdict
from perf.stats.verdict import Verdict, VerdictKind

KINDS = {
    PairedVerdict.REGRESSED: VerdictKind.REGRESSED,
    PairedVerdict.IMPROVED: VerdictKind.IMPROVED,
    PairedVerdict.EQUIVALENT: VerdictKind.UNCHANGED,
    PairedVerdict.UNDECIDED: VerdictKind.UNDECIDED,
}


class AnchorComparison:
    """Made with the run and its gate. ``results`` are the paired ones, by row."""

    def __init__(self, run: Run, gate: Gate) -> None:
        self.results: dict[str, ComparedRow] = {}
        self._run = run
        self._gate = gate

    def settle(self, one: MeasuredRow, verdict: Verdict) -> Verdict:
        """The verdict that counts: the gate's own, unless there is better to go by."""
        if not is_open(verdict):
            return verdict
        if self._gate.is_same_software(one):
            return excused(verdict, self._gate.particular_changes())
        if not self._gate.package_changes(one):
            return verdict
        try:
            result = self._compare(one)
        except (BadInput, WorkerError) as error:
            return unsettled(verdict, str(error).splitlines()[0])
        self.results[one.variant.name] = result
        return (
            unsettled(verdict, result.sentence)
            if result.verdict is PairedVerdict.INVALID
            else counted_by(result, verdict)
        )

    def to_json(self, name: str) -> dict[str, Any]:
        """For the row's record, where it was settled in pairs."""
        return {"paired": self.results[name].to_json()} if name in self.results else {}

    def _compare(self, one: MeasuredRow) -> ComparedRow:
        row = self._gate.row(one.variant)
        assert row is not None, "what has changes has a row"
        self._run.say(f"{one.variant.name}: building the baseline's stack again, to measure the two in turns")
        stack_pair = StackPair(reference=rebuilt(row.stack, one.stack), candidate=one.stack)
        paired_run = PairedRun(one.variant, stack_pair, self._run, self._run.settings.pairs_budget_s)
        paired_run.all_pairs()
        return judge(paired_run, self._run)


def rebuilt(kept: Mapping[str, Any], here: Stack) -> Stack:
    """The stack that a baseline names. Raises BadInput if it cannot be had here."""
    version = ".".join(str(kept["python_version"]).split(".")[:2])
    if here.python_version.startswith(f"{version}."):
        python: str | None = here.python
    else:
        python = shutil.which(f"python{version}")
    if python is None:
        raise BadInput(f"it has Python {version}, which is not installed here")
    made = environments.rebuilt(Path(python), str(kept["python_version"]), kept["packages"])
    return probe_for_worker(Role.REFERENCE, made)


def is_open(verdict: Verdict) -> bool:
    """Whether a slowdown has been found, or could not be excluded."""
    if verdict.kind is VerdictKind.UNDECIDED:
        return verdict.latency is not None and verdict.latency.suspicious
    return verdict.kind is VerdictKind.REGRESSED


def unsettled(verdict: Verdict, why: str) -> Verdict:
    """The gate's own verdict, which stands where the two stacks could not be compared."""
    return replace(verdict, sentence=f"{verdict.sentence}; not settled by the baseline's own stack: {why}")


def excused(verdict: Verdict, particulars: list[str]) -> Verdict:
    """The same software cannot have become slower: what did is the machine."""
    also = f" ({'; '.join(particulars)})" if particulars else ""
    sentence = f"the machine drifted{also}: {verdict.sentence}, with the same packages, worker and kernels"
    return replace(verdict, kind=VerdictKind.DISTURBED, sentence=sentence)


def counted_by(result: ComparedRow, verdict: Verdict) -> Verdict:
    """What pairs have said, in the gate's words; its findings are kept."""
    sentence = f"in turns with the baseline's stack {result.sentence}; against its sessions {verdict.sentence}"
    return replace(verdict, kind=KINDS[result.verdict], sentence=sentence)
