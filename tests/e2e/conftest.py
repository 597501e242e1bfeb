"""What the end-to-end tests share: the stacks."""

from __future__ import annotations

import pytest

from perf.host import stack
from perf.host.stack import Stack
from perf.spec import ladder


@pytest.fixture(scope="session")
def stacks() -> dict[str, Stack]:
    return {name: stack.inspect_python(name, stack.default_python(name)) for name in ladder.stacks()}
