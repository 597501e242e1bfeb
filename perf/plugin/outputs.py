"""The files that a run writes at its end, besides the terminal: which they are, and what becomes of a failure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf.host.output_file import check_output_file
from perf.measure.recording import recording_path
from perf.plugin.state import settings_key


def check_outputs(config: pytest.Config) -> None:
    """Raise BadInput unless all that this run will write can be written."""
    for option, path in outputs(config):
        check_output_file(option, path)


def outputs(config: pytest.Config) -> Iterator[tuple[str, Path]]:
    """Yield each file that this run will write, or one in the folder that it will write to, with its option."""
    wanted = config.stash[settings_key]
    junit = config.getoption("xmlpath", default=None)
    files = {
        "--markdown": wanted.markdown,
        "--json": wanted.json,
        "--report": wanted.report,
        "--junitxml": junit and Path(junit),
        "--benchmark-save": recording_path(config),
        "--baselines": wanted.baselines / "new.json" if wanted.updates else None,
    }
    for option, path in files.items():
        if path:
            yield option, path


@contextlib.contextmanager
def only_warning(reporter: pytest.TerminalReporter, what: str) -> Iterator[None]:
    """Let a file that cannot be written be a line of the report: the run's verdict is not in it alone."""
    try:
        yield
    except OSError as error:
        reporter.write_line(f"warning: {what} was not written: {error}")
