"""Which software counts as that of the baseline, and which change keeps a drift from being excused."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from perf.gate import anchor, store
from perf.gate.against_baseline import Gate, MeasuredRow
from perf.gate.baseline import Baseline
from perf.gate.baseline_row import BaselineRow
from perf.host.stack import Stack
from perf.records.evidence import Evidence
from perf.spec import ladder
from perf.stats.verdict import VerdictKind
from tests.builders.baselines import EAGER, KEY, STACK, accept
from tests.builders.evidence import AMX_CONVOLUTION, DECODE, PLAIN, evidence
from tests.builders.machines import GENOA
from tests.builders.sessions import sessions

NAMES = [variant.name for variant in ladder.LADDER[:5]]
NEWER_PYTHON = replace(STACK, python_version="3.12.1")
NEWER_TORCH = replace(STACK, packages={**STACK.packages, "torch": "2.14.0"})


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate whose baseline has five rows, three sessions each."""
    path = store.path_of(tmp_path, KEY)
    for name in NAMES:
        store.update(path, partial(accept, name=name))
    return Gate(tmp_path, GENOA, KEY)


def kinds_of_a_slow_night(gate: Gate, stack: Stack = STACK, seen: Evidence | None = None) -> set[VerdictKind]:
    """Return what is said of rows that are all a tenth slower."""
    slow = sessions(5, seed=9, slowdown=0.1)
    rows = [MeasuredRow(variant, stack, slow, evidence=seen) for variant in ladder.select(NAMES)]
    return {verdict.kind for verdict in gate.judge(rows).values()}


def test_a_drift_is_excused_where_the_software_is_the_same(gate: Gate) -> None:
    assert kinds_of_a_slow_night(gate) == {VerdictKind.DISTURBED}


@pytest.mark.parametrize("stack", [NEWER_PYTHON, NEWER_TORCH], ids=["python", "package"])
def test_a_drift_is_not_excused_where_the_stack_has_changed(gate: Gate, stack: Stack) -> None:
    assert kinds_of_a_slow_night(gate, stack) == {VerdictKind.REGRESSED}


def test_a_drift_is_not_excused_where_the_workers_code_has_changed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor, "worker_digest", lambda: "another")
    assert kinds_of_a_slow_night(gate) == {VerdictKind.REGRESSED}


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (evidence(), VerdictKind.DISTURBED),
        (evidence(surroundings=replace(PLAIN, cpus={"0-1": 4})), VerdictKind.DISTURBED),
        (evidence(threads=1), VerdictKind.REGRESSED),
        (evidence(surroundings=replace(PLAIN, openmp=("libiomp5.so",))), VerdictKind.REGRESSED),
        (evidence(surroundings=replace(PLAIN, allocators=("libjemalloc.so.2",))), VerdictKind.REGRESSED),
        (evidence(replace(AMX_CONVOLUTION, implementation="ref:any"), DECODE), VerdictKind.REGRESSED),
    ],
    ids=["the same", "more threads", "state", "OpenMP", "allocator", "kernels"],
)
def test_a_drift_is_not_excused_where_the_worker_says_that_it_is_another(
    gate: Gate, seen: Evidence, kind: VerdictKind
) -> None:
    assert gate.baseline
    rows = {name: replace(row, evidence=evidence()) for name, row in gate.baseline.rows.items()}
    gate.baseline = replace(gate.baseline, rows=rows)
    assert kinds_of_a_slow_night(gate, seen=seen) == {kind}


def test_a_baseline_that_does_not_know_its_workers_code_excuses_a_drift(gate: Gate) -> None:
    assert gate.baseline
    rows = {name: replace(row, worker=None) for name, row in gate.baseline.rows.items()}
    gate.baseline = replace(gate.baseline, rows=rows)
    assert kinds_of_a_slow_night(gate) == {VerdictKind.DISTURBED}


@pytest.mark.parametrize(
    ("stack", "changes"),
    [(STACK, []), (NEWER_PYTHON, ["Python 3.11.7 -> 3.12.1"]), (NEWER_TORCH, ["torch 2.13.0 -> 2.14.0"])],
)
def test_another_python_is_other_software(tmp_path: Path, stack: Stack, changes: list[str]) -> None:
    row = BaselineRow.of(EAGER, STACK, sessions(3, seed=1), evidence())
    baseline = Baseline(key=KEY, particulars=GENOA.particulars, changes=(), rows={EAGER.name: row}, faults={})
    gate = Gate(tmp_path, GENOA, KEY)
    gate.baseline = baseline
    assert gate.software_changes(EAGER, stack) == changes
