"""The fixtures of the ladder's tests and of the comparisons'."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perf.compare.paired_run import PairedRun
from perf.compare.run_comparison import RunComparison
from perf.gate.anchored_run import AnchoredRun
from perf.gate.judgement import Judgement
from perf.gate.resumed_row import ResumedRow
from perf.measure.group import Group
from perf.measure.measurement import Measurement
from perf.measure.run import Run
from perf.plugin.failures import failing_briefly, leave_out
from perf.plugin.state import comparison_key, judgement_key, run_key
from perf.spec.variant import Variant
from perf.stats.machine_verdict import MachineVerdict


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """Return the run that this pytest session measures."""
    return request.config.stash[run_key]


@pytest.fixture(scope="session")
def measurement(request: pytest.FixtureRequest, run: Run) -> Iterator[Measurement | Group | AnchoredRun | ResumedRow]:
    """Yield a variant, loaded once per session in a worker of its own; one worker is alive at a time.

    In a sweep the worker goes on to the row's next setting, where it can make that too.
    A row that a run which was cut has finished needs no worker. Where its software differs from its baseline's, it is
    to be measured in turns with the anchor: two workers.
    """
    variant: Variant = request.param
    judgement = request.config.stash.get(judgement_key, None)
    if missing := run.find_missing(variant):
        leave_out(run, variant, str(missing), has_baseline=judgement is not None and judgement.has_baseline(variant))
    if judgement and (resumed := judgement.resumed_row(variant)):
        yield resumed
        return
    if judgement and (anchored := judgement.anchored_run(variant)):
        yield anchored
        return
    with failing_briefly(run, variant), run.measuring(variant) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def run_comparison(request: pytest.FixtureRequest) -> RunComparison:
    """Return the comparison, of two stacks or of rows, that this pytest session makes."""
    if comparison_key not in request.config.stash:
        pytest.fail("nothing to compare: give --reference and --candidate, or --against", pytrace=False)
    return request.config.stash[comparison_key]


@pytest.fixture(scope="session")
def paired_run(request: pytest.FixtureRequest, run: Run, run_comparison: RunComparison) -> PairedRun:
    """Return a variant to be measured in turns with its reference."""
    variant: Variant = request.param
    if missing := run_comparison.find_missing(variant):
        leave_out(run, variant, missing)
    return run_comparison.paired_run(variant)


@pytest.fixture(scope="session")
def judgement(request: pytest.FixtureRequest, run: Run) -> Judgement:
    """Return what judges this run; without any stack installed the test is skipped, or fails under --require-all."""
    if run.settings.compares:
        given = "--against belongs" if run.settings.against else "--reference and --candidate belong"
        pytest.fail(f"{given} to perf/suite/test_pairs.py, not to the ladder", pytrace=False)
    if not run.can_measure:
        if run.settings.require_all:
            pytest.fail("no stack is installed (with --require-all every row must run)", pytrace=False)
        pytest.skip("nothing was measured")
    return request.config.stash[judgement_key]


@pytest.fixture
def judged_machine(run: Run, judgement: Judgement) -> MachineVerdict | None:
    """Return the verdict on the machine by all rows that this session measures; None where it judges nothing."""
    for variant in run.variants:  # in a shuffled session some of them may be still to come
        judgement.complete(variant)
    return judgement.machine
