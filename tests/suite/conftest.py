"""What the tests of whole runs share: a folder of their own, and a baseline of one session that is measured once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.gate_runs import Options, first_run_in, with_baseline, within


@pytest.fixture
def options(silly_options: Options, tmp_path: Path) -> Options:
    return within(tmp_path, silly_options)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return first_run_in(tmp_path_factory.mktemp("first"))


@pytest.fixture
def baseline(first_run: Path, tmp_path: Path) -> Path:
    """Return the file of a baseline of one session, in the folder where ``options`` look for it."""
    return with_baseline(first_run, tmp_path)
