"""What several tests need: a checkpoint that is complete and empty, a cache with real ones, and runs of the suite."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from perf.host.stack import ROOT
from tests.builders.checkpoints import make_checkpoint
from tests.builders.runs import SHARED_CACHE, RunLadder, options_for, run_ladder_in

TESTS = ROOT / "tests"
REAL = TESTS / "e2e"
LOCKING = (
    "suite",
    "faults",
    "cli/test_anchors.py",
    "host/test_lock.py",
    "lab/test_selftest.py",
    "e2e/test_tiny_families.py",
)


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
    """Let one process of pytest-xdist have all tests that take the machine's lock, of which there is one.

    Another has a file of tests with real workers as a whole, which share one run.
    """
    if config.rootpath != ROOT:
        return
    for item in items:
        if any(item.path.is_relative_to(TESTS / place) for place in LOCKING):
            item.add_marker(pytest.mark.xdist_group("lock"))
        elif item.path.is_relative_to(REAL):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one cache for all real workers, so that the tiny model is made, exported and compiled once."""
    shared = os.environ.get(SHARED_CACHE)
    return Path(shared) if shared else tmp_path_factory.mktemp("cache")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return make_checkpoint(tmp_path / "checkpoint")


@pytest.fixture
def run_ladder(tmp_path: Path) -> RunLadder:
    return functools.partial(run_ladder_in, tmp_path)


@pytest.fixture
def silly_options(checkpoint: Path) -> tuple[str, ...]:
    return options_for(checkpoint)
