"""What several tests need: a checkpoint that is complete and empty, a cache with real ones, and runs of the suite."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from perf.host.stack import ROOT
from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import RunLadder, options_for, run_ladder_in

LOCKING = ("suite", "faults", "cli/test_anchors.py", "host/test_lock.py", "lab/test_selftest.py")


def pytest_configure(config: pytest.Config) -> None:
    """Make every warning an error, but for those that pyproject.toml ignores.

    pytest loads this file for the runs of the suite that tests make, too, since they name an interpreter below it.
    """
    if config.rootpath != ROOT:
        return
    ignored = config.getini("filterwarnings")
    for line in ("error", *ignored):  # the last that matches counts
        config.addinivalue_line("filterwarnings", line)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let one process of pytest-xdist have all tests that take the machine's lock, of which there is one."""
    if config.rootpath != ROOT:
        return
    for item in items:
        if any(item.path.is_relative_to(ROOT / "tests" / place) for place in LOCKING):
            item.add_marker(pytest.mark.xdist_group("lock"))


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one cache for all real workers, so that the tiny model is made and exported once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return make_checkpoint(tmp_path / "checkpoint")


@pytest.fixture
def run_ladder(tmp_path: Path) -> RunLadder:
    return functools.partial(run_ladder_in, tmp_path)


@pytest.fixture
def silly_options(checkpoint: Path) -> tuple[str, ...]:
    return options_for(checkpoint)
