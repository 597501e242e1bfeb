"""The hooks that report a run: in the terminal, in pytest-benchmark's JSON, in files and on GitHub."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

from perf.history import ci_run
from perf.host.cpu_info import platform_info
from perf.plugin.outputs import only_warning
from perf.plugin.state import comparison_key, judgement_key, run_key, settings_key, unwritten_key
from perf.report import github, run_report
from perf.report.run_report import RunReport
from perf.report.tables import wrapped

LOG_WIDTH = 120


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
    if (run := config.stash.get(run_key, None)) and (missing := run.not_measured):
        output_json["not_measured"] = missing
    if comparison := config.stash.get(comparison_key, None):
        output_json[comparison.TITLE] = comparison.summary()
    if address := ci_run.address():
        output_json["ci_url"] = address


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
    if unwritten_key in config.stash:
        terminalreporter.write_line(f"error: the record of this run was not written: {config.stash[unwritten_key]}")
    wanted = config.stash[settings_key]
    with only_warning(terminalreporter, "the JSON"):
        report.write_json(wanted.json)
    with only_warning(terminalreporter, "the Markdown"):
        report.write_markdown(wanted.markdown)
    if github.in_actions():
        with only_warning(terminalreporter, "the step's summary"):
            github.add_to_summary(report.markdown)
        for failed in (*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")):
            terminalreporter.write_line(github.error(failed.nodeid, failed.longreprtext))


def run_report_of(config: pytest.Config, width: int) -> RunReport:
    """Return the report of this session's run, which compares or measures the ladder."""
    run = config.stash[run_key]
    if comparison := config.stash.get(comparison_key, None):
        return run_report.of_comparison(comparison, run, width)
    return run_report.of_ladder(run, config.stash.get(judgement_key, None), width)
