"""The hooks of a run: its options, its rows, the machine's lock around it, and the exit code.

A user's mistake ends pytest with one line and exit code 4. A PerfError in a ladder test fails that test with the
error's text and no traceback: the error says what a reader needs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from perf.compare.row_comparison import RowComparison
from perf.compare.stack_comparison import StackComparison
from perf.errors import BadInput, PerfError
from perf.exit_codes import ExitCode
from perf.gate.judgement import Judgement
from perf.host import energy, lock
from perf.host.lock import hold
from perf.host.perf_events import uncounted
from perf.measure import options, pedantic
from perf.measure.progress import Progress
from perf.measure.recording import recording_path
from perf.measure.run import Run
from perf.measure.selection import (
    MEASURED,
    PAIRED,
    ROW,
    check_judges,
    check_machine_has_rows,
    check_one_process,
    variant_of,
)
from perf.plugin.failures import failing_briefly, noting_errors
from perf.plugin.outputs import check_outputs
from perf.plugin.passing_on import pass_on
from perf.plugin.signals import as_ctrl_c
from perf.plugin.state import (
    comparison_key,
    judgement_key,
    progress_key,
    run_key,
    settings_key,
    unwritten_key,
)
from perf.report import session_exit
from perf.spec.variant import Variant


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ladder: measures a variant of the ladder")
    try:
        check_one_process(config)
        config.stash[settings_key] = options.read(config)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    # pytest captures file descriptor 2 while a test runs; progress goes to what it is now.
    stream = os.fdopen(os.dup(2), "w")
    config.add_cleanup(stream.close)
    config.stash[progress_key] = Progress(stream)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    variants = metafunc.config.stash[settings_key].variants
    for fixture in (MEASURED, PAIRED):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, variants, ids=lambda variant: variant.name, indirect=True, scope="session")
    if ROW in metafunc.fixturenames:
        metafunc.parametrize(ROW, variants, ids=lambda variant: variant.name)


def pytest_itemcollected(item: pytest.Item) -> None:
    pedantic.supply_node_id(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Hold the machine's lock during a run that measures, and make the model ready before the first variant."""
    variants = [variant for item in session.items if (variant := variant_of(item))]
    config = session.config
    if config.option.collectonly:
        return (yield)
    if not variants:
        refuse_machine_without_rows(session.items)
        return (yield)
    with measuring(session, list(dict.fromkeys(variants))):
        return (yield)


@contextlib.contextmanager
def measuring(session: pytest.Session, variants: list[Variant]) -> Iterator[None]:
    """Let a run measure these variants, alone on the machine."""
    config = session.config
    wanted, progress = config.stash[settings_key], config.stash[progress_key]
    try:
        check_judges(config, session.items)
        check_outputs(config)
        with (
            run_folder(session) as folder,
            as_ctrl_c(),
            hold(wait_s=wanted.wait_s, on_wait=progress.line),
            Run(wanted, variants, folder, progress, is_ladder=not wanted.compares) as run,
        ):
            prepare(config.stash, run)
            yield
            if judgement := config.stash.get(judgement_key, None):
                judgement.end()
    except (PerfError, OSError) as error:  # the machine's own faults too: a cache that may not be written, no such user
        raise pytest.UsageError(str(error)) from error


@contextlib.contextmanager
def run_folder(session: pytest.Session) -> Iterator[Path]:
    """Make a folder for the run's files. Where a test has failed it stays: the error names a worker's output in it."""
    folder = Path(tempfile.mkdtemp(prefix="sd-xeon-perf-"))
    try:
        yield folder
    finally:
        if not session.testsfailed:
            shutil.rmtree(folder, ignore_errors=True)


def prepare(stash: pytest.Stash, run: Run) -> None:
    """Put the run, and what compares or judges its rows, where fixtures and hooks find them."""
    stash[run_key] = run
    uncounted_events = uncounted(is_virtual=run.machine.hypervisor is not None)
    for unseen in (lock.blind_spot(), energy.why_hidden(), *uncounted_events):
        if unseen:
            run.say(str(unseen))
    if run.settings.against:
        stash[comparison_key] = RowComparison(run)
    elif run.settings.stack_pair:
        stash[comparison_key] = StackComparison(run)
    elif run.can_measure:
        stash[judgement_key] = Judgement(run)


def refuse_machine_without_rows(items: Iterable[pytest.Item]) -> None:
    try:
        check_machine_has_rows(items)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, object, object]:
    """Leave the row that Ctrl-C ends out of pytest-benchmark's JSON, where it would fail for want of rounds."""
    try:
        return (yield)
    except KeyboardInterrupt:
        benchmark: Any = item.funcargs.get("benchmark")
        if benchmark:
            pedantic.leave_out(benchmark)
        raise


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    variant = variant_of(pyfuncitem)
    if variant is None:
        return (yield)
    stash = pyfuncitem.config.stash
    with failing_briefly(stash[run_key], variant), noting_errors(stash.get(comparison_key, None), variant):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Decide on the exit code, and have the terminal report a record that could not be written.

    pytest-benchmark writes in a wrapper within this one, and the terminal reports in one around it, by the order in
    which the three are registered: an error of the first would else end pytest before the second.
    """
    recorded = recording_path(session.config)
    try:
        yield
    except OSError as error:
        if run_key not in session.config.stash:  # nothing was measured, and nobody would report it
            raise
        session.config.stash[unwritten_key] = str(error)
        session.exitstatus = ExitCode.FAILED
    decide_exit_code(session)
    pass_on(session, recorded)


def decide_exit_code(session: pytest.Session) -> None:
    """Exit with 2 where undecided rows are all that failed, and with 1 where no row could be measured.

    A machine that fails ends the run with 1 where test_machine was not selected too: it is what excuses rows.
    """
    config = session.config
    if unwritten_key in config.stash:
        return
    judgement = config.stash.get(judgement_key, None)
    is_machine_failing = judgement is not None and judgement.machine is not None and judgement.machine.fails
    if session.exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if session.exitstatus == pytest.ExitCode.TESTS_FAILED and run_key in config.stash and reporter:
        session.exitstatus = session_exit.of_failed(reporter.getreports, session.items)
    if session.exitstatus in {ExitCode.OK, ExitCode.UNDECIDED} and (is_machine_failing or is_without_rows(config)):
        session.exitstatus = ExitCode.FAILED


def is_without_rows(config: pytest.Config) -> bool:
    """Tell whether a run that was to measure has measured nothing, and say so: it is not to pass for a good night."""
    run = config.stash.get(run_key, None)
    comparison = config.stash.get(comparison_key, None)
    if run is None or (comparison.results if comparison else run.has_measured):
        return False
    run.say("no row could be measured here, so that nothing was judged")
    return True
