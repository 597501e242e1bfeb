"""The ladder: seconds per image of every variant, as in the source article, and the verdicts against the baseline.

A test per row measures it, another judges it, and the last judges the machine by all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from perf.gate.anchored_run import AnchoredRun
from perf.gate.judgement import Judgement
from perf.gate.resumed_row import ResumedRow
from perf.measure.group import Group
from perf.measure.measurement import Measurement
from perf.measure.pedantic import clock, time_rounds
from perf.measure.recording import recording_path
from perf.measure.run import Run
from perf.report import machine_report, verdicts
from perf.spec.variant import Variant
from perf.stats.machine_verdict import MachineVerdict


@pytest.mark.ladder
@pytest.mark.benchmark(timer=clock)
def test_latency(
    measurement: Measurement | Group | AnchoredRun | ResumedRow, benchmark: BenchmarkFixture, judgement: Judgement
) -> None:
    time_rounds(benchmark, measurement)
    judgement.add(measurement, benchmark.extra_info)


@pytest.mark.ladder
def test_verdict(
    row: Variant,
    run: Run,
    judgement: Judgement,
    record_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
) -> None:
    judgement.complete(row)
    verdict = judgement.verdict(row)
    if verdict is None:
        leave_unjudged(row, run, judgement)
    is_unmeasurable = row.name in judgement.unmeasurable
    if run.settings.updates and not is_unmeasurable:
        run.say(judgement.accept(row))
        return
    for name, value in verdicts.junit_properties(verdict).items():
        record_property(name, value)
    record_property("baseline", judgement.gate.path)
    if is_unmeasurable:
        pytest.fail(f"{row.name}: {verdict}", pytrace=False)
    if verdict.fails or (run.settings.require_all and not verdict.is_answer):
        measured, recording = judgement.measured_row(row), recording_path(pytestconfig)
        message = verdicts.failure(measured, verdict, judgement.gate, run.settings.options, recording)
        pytest.fail(message, pytrace=False)


@pytest.mark.ladder
def test_machine(
    judged_machine: MachineVerdict | None,
    run: Run,
    judgement: Judgement,
    record_property: Callable[[str, object], None],
) -> None:
    """Judge the machine by all rows of this run together; it measures no row that is not measured anyway."""
    if judged_machine is None:
        pytest.skip("nothing was judged" if not run.settings.updates else "the run records a baseline")
    for name, value in machine_report.junit_properties(judged_machine).items():
        record_property(name, value)
    record_property("baseline", judgement.gate.path)
    if judged_machine.fails:
        pytest.fail(machine_report.failure(judged_machine, judgement.gate, run.settings.options), pytrace=False)
    if judged_machine.ratio is None:
        pytest.skip(judged_machine.sentence)


def leave_unjudged(row: Variant, run: Run, judgement: Judgement) -> NoReturn:
    """Skip the verdict on a row that need not run here; fail that of any other, so that --last-failed judges it too."""
    missing = run.find_missing(row)
    if missing and not run.settings.require_all and not judgement.has_baseline(row):
        pytest.skip("not measured")
    pytest.fail(f"{row.name}: no verdict: {missing or 'it could not be measured, see test_latency'}", pytrace=False)
