"""What the end-to-end tests share: one cache, so that the tiny model is made and exported once."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.host import stack
from perf.host.stack import Stack
from perf.spec import ladder


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def stacks() -> dict[str, Stack]:
    return {name: stack.probe(name, stack.default_python(name)) for name in ladder.stacks()}
