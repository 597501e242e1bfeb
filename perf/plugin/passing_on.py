"""What becomes of a run's record when it has ended: kept in the history, told to a webhook, drawn on a page.

A comparison of rows stays in its own files: the history and the page are of nights and of upgrades, and so is what a
webhook understands. None of it changes the exit code; what goes wrong is a line. SQLAlchemy and Jinja are loaded here
alone, when all has been measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from perf.errors import BadHistory, PerfError
from perf.measure.run import Run
from perf.measure.settings import Settings
from perf.plugin.state import comparison_key, judgement_key, run_key, unwritten_key


def pass_on(session: pytest.Session, recorded: Path | None) -> None:
    """Pass the record of a ladder or of an upgrade check on, if there is one."""
    stash = session.config.stash
    run = stash.get(run_key, None)
    if run is None or run.settings.against or not has_results(stash, run):
        return
    if recorded is None or unwritten_key in stash or not recorded.is_file():
        return
    for line in faults(run.settings, recorded, int(session.exitstatus)):
        run.say(line)


def has_results(stash: pytest.Stash, run: Run) -> bool:
    """Tell whether anything was judged."""
    if comparison := stash.get(comparison_key, None):
        return bool(comparison.results)
    return judgement_key in stash and run.has_measured


def faults(settings: Settings, recorded: Path, exit_code: int) -> Iterator[str]:
    """Pass a record on, and yield a line for everything that goes wrong."""
    from perf.history.keeping import keep_run, tell_of_run  # noqa: PLC0415 - heavy: SQLAlchemy

    if line := keep_run(recorded, settings.history):
        yield line
    if settings.notify and (line := tell_of_run(settings.notify, recorded, exit_code)):
        yield line
    if settings.report and (line := draw(settings.report, recorded, settings.history)):
        yield line


def draw(output: Path, recorded: Path, history: str | None) -> str | None:
    """Draw the page, of the run alone where the history cannot be read; return what went wrong, or None."""
    from perf.history.connecting import default_url  # noqa: PLC0415 - heavy: SQLAlchemy
    from perf.history.keeping import NOT_KEPT  # noqa: PLC0415
    from perf.report.page.writing import write_page  # noqa: PLC0415 - heavy: Jinja

    try:
        try:
            write_page(output, [recorded], None if history == NOT_KEPT else history or default_url())
        except BadHistory:
            write_page(output, [recorded], None)
            return f"{output} shows this run alone: the history cannot be read"
    except (PerfError, OSError) as error:
        return f"{output} was not written: {error}"
    return None
