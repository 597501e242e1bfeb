"""The pytest plugin: options, hooks and fixtures. It only wires together what other folders hold.

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
from typing import Any, NoReturn

import pytest

from perf.compare.paired_run import PairedRun
from perf.compare.stack_comparison import StackComparison
from perf.errors import BadInput, PerfError, VariantError, WorkerError
from perf.exit_codes import ExitCode
from perf.gate.anchored_run import AnchoredRun
from perf.gate.judgement import Judgement
from perf.host.cpu_info import platform_info
from perf.host.lock import hold
from perf.measure import options, pedantic
from perf.measure.measurement import Measurement
from perf.measure.progress import Progress
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
from perf.measure.settings import Settings
from perf.report import github, run_report, session_exit
from perf.report.run_report import RunReport
from perf.report.tables import wrapped
from perf.spec.variant import Variant
from perf.stats.machine_verdict import MachineVerdict

LOG_WIDTH = 120
settings_key = pytest.StashKey[Settings]()
progress_key = pytest.StashKey[Progress]()
run_key = pytest.StashKey[Run]()
judgement_key = pytest.StashKey[Judgement]()
stack_comparison_key = pytest.StashKey[StackComparison]()


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
    wanted = config.stash[settings_key]
    progress = config.stash[progress_key]
    folder = Path(tempfile.mkdtemp(prefix="sd-xeon-perf-"))
    try:
        check_judges(config, session.items)
        with (
            hold(wait_s=wanted.wait_s, on_wait=progress.line),
            Run(wanted, list(dict.fromkeys(variants)), folder, progress, is_ladder=not wanted.stack_pair) as run,
        ):
            config.stash[run_key] = run
            if wanted.stack_pair:
                config.stash[stack_comparison_key] = StackComparison(run)
            elif run.can_measure:
                config.stash[judgement_key] = Judgement(run)
            return (yield)
    except PerfError as error:
        raise pytest.UsageError(str(error)) from error
    finally:
        if not session.testsfailed:  # a failed worker's output stays, the error names it
            shutil.rmtree(folder)


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


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """Return the run that this pytest session measures."""
    return request.config.stash[run_key]


@pytest.fixture(scope="session")
def measurement(request: pytest.FixtureRequest, run: Run) -> Iterator[Measurement | AnchoredRun]:
    """Yield a variant, loaded once per session in a worker of its own; one worker is alive at a time.

    Where its software differs from its baseline's, it is to be measured in turns with the anchor: two workers.
    """
    variant: Variant = request.param
    if missing := run.find_missing(variant):
        leave_out(run, variant, str(missing))
    judgement = request.config.stash.get(judgement_key, None)
    if judgement and (anchored := judgement.anchored_run(variant)):
        yield anchored
        return
    with failing_briefly(run, variant), run.measuring(variant) as loaded:
        yield loaded


def leave_out(run: Run, variant: Variant, missing: str) -> NoReturn:
    """Skip a row that cannot run here, or fail it under --require-all, and say why."""
    run.keep_reason(variant, f"{'failed' if run.settings.require_all else 'skipped'}: {missing}")
    if run.settings.require_all:
        pytest.fail(f"{missing} (with --require-all every row must run)", pytrace=False)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def stack_comparison(request: pytest.FixtureRequest) -> StackComparison:
    """Return the comparison of two stacks that this pytest session makes."""
    if stack_comparison_key not in request.config.stash:
        pytest.fail("nothing to compare: give --reference and --candidate", pytrace=False)
    return request.config.stash[stack_comparison_key]


@pytest.fixture(scope="session")
def paired_run(request: pytest.FixtureRequest, run: Run, stack_comparison: StackComparison) -> PairedRun:
    """Return a variant to be measured in two stacks, in turns."""
    variant: Variant = request.param
    if missing := stack_comparison.find_missing(variant):
        leave_out(run, variant, missing)
    return stack_comparison.paired_run(variant)


@pytest.fixture(scope="session")
def judgement(request: pytest.FixtureRequest, run: Run) -> Judgement:
    """Return what judges this run; without any stack installed the test is skipped, or fails under --require-all."""
    if run.settings.stack_pair:
        pytest.fail(
            "--reference and --candidate belong to perf/suite/test_upgrade.py, not to the ladder", pytrace=False
        )
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


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    variant = variant_of(pyfuncitem)
    if variant is None:
        return (yield)
    stash = pyfuncitem.config.stash
    with failing_briefly(stash[run_key], variant), noting_errors(stash.get(stack_comparison_key, None), variant):
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Exit with 2 where undecided rows are all that failed, and with 1 where no row of two stacks could be compared.

    A machine that fails ends the run with 1 where test_machine was not selected too: it is what excuses rows.
    """
    config = session.config
    stack_comparison = config.stash.get(stack_comparison_key, None)
    judgement = config.stash.get(judgement_key, None)
    is_without_rows = stack_comparison is not None and not stack_comparison.results
    is_machine_failing = judgement is not None and judgement.machine is not None and judgement.machine.fails
    if session.exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if session.exitstatus == pytest.ExitCode.TESTS_FAILED and run_key in config.stash and reporter:
        session.exitstatus = session_exit.of_failed(reporter.getreports, session.items)
    if session.exitstatus in {ExitCode.OK, ExitCode.UNDECIDED} and (is_without_rows or is_machine_failing):
        session.exitstatus = ExitCode.FAILED


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_benchmark_generate_machine_info() -> dict[str, Any]:
    """Replace pytest-benchmark's own, which has py-cpuinfo time the CPU's clock for a second."""
    return platform_info()


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    if run_key in config.stash:
        machine_info["perf"] = config.stash[run_key].machine.to_json()


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    judgement = config.stash.get(judgement_key, None)
    if judgement and judgement.machine:
        output_json["machine_verdict"] = judgement.machine.to_json()


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Print no dot for a row that was measured or skipped: a line of the progress has reported it."""
    if not isinstance(report, pytest.TestReport) or "ladder" not in report.keywords:
        return None
    if report.skipped:
        return "skipped", "", "SKIPPED"
    return ("passed", "", "PASSED") if report.passed and report.when == "call" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if run_key not in config.stash:
        return
    is_terminal = os.isatty(1)
    width = shutil.get_terminal_size().columns if is_terminal else LOG_WIDTH
    report = run_report_of(config, width)
    terminalreporter.section(report.title)
    for line in report.lines:
        # A log keeps its lines whole, for grep.
        for part in wrapped(line, width) if is_terminal else [line]:
            terminalreporter.write_line(part)
    wanted = config.stash[settings_key]
    report.write(markdown=wanted.markdown, json=wanted.json)
    if github.in_actions():
        github.add_to_summary(report.markdown)
        for failed in (*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")):
            terminalreporter.write_line(github.error(failed.nodeid, failed.longreprtext))


def run_report_of(config: pytest.Config, width: int) -> RunReport:
    """Return the report of this session's run, which compares two stacks or measures the ladder."""
    run = config.stash[run_key]
    if stack_comparison := config.stash.get(stack_comparison_key, None):
        return run_report.of_comparison(stack_comparison, run, width)
    return run_report.of_ladder(run, config.stash.get(judgement_key, None), width)


@contextlib.contextmanager
def noting_errors(stack_comparison: StackComparison | None, variant: Variant) -> Iterator[None]:
    """Note in a comparison that a variant could not be measured."""
    try:
        yield
    except WorkerError as error:
        if stack_comparison:
            stack_comparison.add_error(variant, error)
        raise


@contextlib.contextmanager
def failing_briefly(run: Run, variant: Variant) -> Iterator[None]:
    """Turn a PerfError into a test failure that is the error's text alone, and note it in the ladder."""
    try:
        yield
    except PerfError as error:
        run.keep_reason(variant, f"failed: {reason_of(error, variant)}")
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def reason_of(error: PerfError, variant: Variant) -> str:
    """Return what the variant's own line says of the error: its name stands there already."""
    if isinstance(error, VariantError) and error.variant == variant.name:
        return error.headline
    return str(error)
