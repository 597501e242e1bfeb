"""pytest-benchmark's pedantic mode, where it is used in ways that its documentation does not name.

It fixes the number of rounds beforehand, but how many are needed only shows while they are measured. The only way out
of its loop is to raise, and what is an Exception marks the benchmark as failed (``has_error``), which leaves it out of
the JSON. tests/measure/test_pedantic.py fails by name where a release of pytest-benchmark changes that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest
    from pytest_benchmark.fixture import BenchmarkFixture


class EnoughRounds(BaseException):
    """The way out of pedantic's loop, raised by a round's setup when no more are needed; the earlier rounds count."""


def leave_out(benchmark: BenchmarkFixture) -> None:
    """Leave the benchmark out of the JSON, as pytest-benchmark does by itself where an Exception ends it."""
    benchmark.has_error = True


def supply_node_id(item: pytest.Item) -> None:
    """Give a test the private name that pytest-benchmark 5.2 reads its id by, and that pytest 9.2 no longer has."""
    node: Any = item
    if not hasattr(node, "_nodeid"):
        node._nodeid = item.nodeid
