"""What the tests of the page share: a fleet with some weeks of history, and a whole ladder."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.history.database import Database
from perf.report.page import make_view, source
from perf.report.page.view import Page
from perf.spec.ladder import LADDER
from tests.builders.simulated_nights import Plan, nights_of
from tests.builders.whole_ladders import ladder_record, write_ladder

PLAN = Plan(nights=40, rows=len(LADDER), seed=3)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a history with forty nights of four machines, of which one was changed."""
    address = f"sqlite:///{tmp_path_factory.mktemp('history') / 'history.sqlite'}"
    with Database(address) as database:
        for night in nights_of(PLAN):
            database.add(night)
    return address


@pytest.fixture(scope="module")
def fleet(history: str) -> Page:
    return make_view.make_page(source.read([], history))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_ladder(tmp_path / "run.json", ladder_record())
