"""The pytest plugin: options, hooks and fixtures. It wires; what it wires is elsewhere.

A user's mistake ends pytest with one line and exit code 4. A PerfError in a ladder test fails that test with the
error's text and no traceback: the error says what a reader needs.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from perf.compare.paired_run import PairedRun
from perf.compare.stack_comparison import StackComparison, exit_code
from perf.errors import BadInput, PerfError, VariantError, WorkerError
from perf.gate.judgement import Judgement
from perf.host.lock import hold
from perf.host.machine import platform_info
from perf.measure import settings
from perf.measure.measurement import Measurement
from perf.measure.progress import Progress
from perf.measure.run import Run
from perf.measure.settings import Settings
from perf.report import comparison, github, ladder_table, verdicts
from perf.spec.variant import Variant

LOG_WIDTH = 120
MEASURED = ("measurement", "paired_run")  # fixtures that are a variant's workers
ROW = "row"
settings_key = pytest.StashKey[Settings]()
progress_key = pytest.StashKey[Progress]()
run_key = pytest.StashKey[Run]()
judgement_key = pytest.StashKey[Judgement]()
upgrade_key = pytest.StashKey[StackComparison]()


def pytest_addoption(parser: pytest.Parser) -> None:
    settings.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ladder: measures a variant of the ladder")
    try:
        config.stash[settings_key] = settings.read(config)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    # pytest captures file descriptor 2 while a test runs; progress goes to what it is now.
    stream = os.fdopen(os.dup(2), "w")
    config.add_cleanup(stream.close)
    config.stash[progress_key] = Progress(stream)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    variants = metafunc.config.stash[settings_key].variants
    for fixture in MEASURED:
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, variants, ids=lambda variant: variant.name, indirect=True, scope="session")
    if ROW in metafunc.fixturenames:
        metafunc.parametrize(ROW, variants, ids=lambda variant: variant.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Around a run that measures: hold the machine, and make the model ready before the first variant."""
    variants = [variant for item in session.items if (variant := variant_of(item))]
    if not variants or session.config.option.collectonly:
        return (yield)
    config = session.config
    wanted = config.stash[settings_key]
    progress = config.stash[progress_key]
    folder = Path(tempfile.mkdtemp(prefix="sd-xeon-perf-"))
    try:
        with (
            hold(wait_s=wanted.wait_s, on_wait=progress.line),
            Run(wanted, list(dict.fromkeys(variants)), folder, progress) as run,
        ):
            config.stash[run_key] = run
            if wanted.stack_pair:
                config.stash[upgrade_key] = StackComparison(run)
            elif run.can_measure:
                config.stash[judgement_key] = Judgement(run)
            return (yield)
    except PerfError as error:
        raise pytest.UsageError(str(error)) from error
    finally:
        if not session.testsfailed:  # a failed worker's output stays, the error names it
            shutil.rmtree(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, object, object]:
    """Leave the row that Ctrl-C ends out of pytest-benchmark's JSON, where it would fail for want of rounds."""
    try:
        return (yield)
    except KeyboardInterrupt:
        benchmark: Any = item.funcargs.get("benchmark")
        if benchmark:
            benchmark.has_error = True  # as pytest-benchmark itself does, for an Exception only
        raise


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """The run that this pytest session is."""
    return request.config.stash[run_key]


@pytest.fixture(scope="session")
def measurement(request: pytest.FixtureRequest, run: Run) -> Iterator[Measurement]:
    """A variant of the ladder, loaded once per session in a worker of its own; one worker is alive at a time."""
    variant: Variant = request.param
    if missing := run.find_missing(variant):
        leave_out(run, variant, str(missing))
    with failing_briefly(run, variant), run.measuring(variant) as loaded:
        yield loaded


def leave_out(run: Run, variant: Variant, missing: str) -> NoReturn:
    """Skip a row that cannot run here, or fail it under --strict, and say why."""
    run.keep_reason(variant, f"{'failed' if run.settings.strict else 'skipped'}: {missing}")
    if run.settings.strict:
        pytest.fail(f"{missing} (with --strict every row must run)", pytrace=False)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def upgrade(request: pytest.FixtureRequest) -> StackComparison:
    """The comparison of two stacks that this pytest session is."""
    if upgrade_key not in request.config.stash:
        pytest.fail("there is nothing to compare: give --reference and --candidate", pytrace=False)
    return request.config.stash[upgrade_key]


@pytest.fixture(scope="session")
def paired_run(request: pytest.FixtureRequest, run: Run, upgrade: StackComparison) -> PairedRun:
    """A variant to be measured in two stacks, in turns."""
    variant: Variant = request.param
    if missing := upgrade.find_missing(variant):
        leave_out(run, variant, missing)
    return upgrade.paired_run(variant)


@pytest.fixture(scope="session")
def judgement(request: pytest.FixtureRequest, run: Run) -> Judgement:
    """The gate of this run; there is none where no stack is installed."""
    if run.settings.stack_pair:
        pytest.fail("two stacks are compared by perf/suite/test_upgrade.py, not by the ladder", pytrace=False)
    if not run.can_measure:
        pytest.skip("nothing was measured")
    return request.config.stash[judgement_key]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    variant = variant_of(pyfuncitem)
    if variant is None:
        return (yield)
    stash = pyfuncitem.config.stash
    with failing_briefly(stash[run_key], variant), noting_errors(stash.get(upgrade_key, None), variant):
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """After a comparison under --strict, exit code 2 says that all is well but for rows that are undecided."""
    upgrade = session.config.stash.get(upgrade_key, None)
    if upgrade and session.exitstatus == pytest.ExitCode.OK:
        strict = session.config.stash[settings_key].strict
        session.exitstatus = exit_code(list(upgrade.results.values()), strict=strict)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_benchmark_generate_machine_info() -> dict[str, Any]:
    """In place of pytest-benchmark's own, which has py-cpuinfo time the CPU's clock for a second."""
    return platform_info()


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    if run_key in config.stash:
        machine_info["perf"] = config.stash[run_key].machine.to_json()


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """No dot for a row that was measured or skipped: the progress has said it in a line."""
    if not isinstance(report, pytest.TestReport) or "ladder" not in report.keywords:
        return None
    if report.skipped:
        return "skipped", "", "SKIPPED"
    return ("passed", "", "PASSED") if report.passed and report.when == "call" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if run_key not in config.stash:
        return
    run, wanted = config.stash[run_key], config.stash[settings_key]
    width = shutil.get_terminal_size().columns if os.isatty(1) else LOG_WIDTH
    upgrade = config.stash.get(upgrade_key, None)
    if upgrade:
        title, lines = "upgrade", comparison.terminal(upgrade, width)
        markdown = comparison.markdown(upgrade, run.measured())
        write(wanted.json, json.dumps(upgrade.to_json(), indent=1, sort_keys=True) + "\n")
    else:
        said = said_of_rows(config.stash.get(judgement_key, None), wanted)
        title, lines = "ladder", [*run.about(), "", *ladder_table.terminal(run.rows, width).splitlines(), "", *said]
        markdown = ladder_table.markdown(run.rows, "Seconds per image", run.about()) + verdicts.markdown_list(said)
    terminalreporter.section(title)
    for line in lines:
        terminalreporter.write_line(line)
    write(wanted.markdown, markdown)
    if github.in_actions():
        github.add_to_summary(markdown)
        for failed in (*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")):
            terminalreporter.write_line(github.error(failed.nodeid, failed.longreprtext))


def said_of_rows(judgement: Judgement | None, wanted: Settings) -> list[str]:
    """The lines below the ladder; a run that records a baseline has said what it recorded."""
    if judgement is None or not judgement.verdicts or wanted.updates:
        return []
    return verdicts.about_verdicts(judgement.verdicts, judgement.judged_rows, judgement.gate)


def variant_of(item: pytest.Item) -> Variant | None:
    """The variant that a test measures, or None for any other test."""
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return None
    return next((callspec.params[name] for name in (*MEASURED, ROW) if name in callspec.params), None)


def write(path: Path | None, text: str) -> None:
    """Into a file, if one was asked for."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def noting_errors(upgrade: StackComparison | None, variant: Variant) -> Iterator[None]:
    """Note in a comparison that a variant could not be measured."""
    try:
        yield
    except WorkerError as error:
        if upgrade:
            upgrade.add_error(variant, error)
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
