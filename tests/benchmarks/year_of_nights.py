"""A year of a fleet in the history, and the page of it: sizes and times.

    python -m tests.benchmarks.year_of_nights --keep results/year
    python -m tests.benchmarks.year_of_nights --nights 5000 --nights-with-rounds 90

Four machines, 24 rows each, so many nights, with changes planted (tests/builders/simulated_nights.py). What is printed:
the seconds to write the nights into a new SQLite database and its size, the seconds to read them and to make the page
and its size, the seconds until Chromium has opened it and drawn the first screen, and what was found.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from perf.history.database import Database
from perf.report.page import make_view, render, source
from perf.report.page.view import Page
from tests.builders import chromium
from tests.builders.simulated_nights import FLEET, Plan, nights_of

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

Result = TypeVar("Result")


def timed(what: str, work: Callable[[], Result]) -> Result:
    """Print the seconds that a piece of work takes, and return its result."""
    began_s = time.perf_counter()
    result = work()
    print(f"{what}: {time.perf_counter() - began_s:.2f} s", flush=True)
    return result


def fill(address: str, plan: Plan) -> None:
    """Write all nights one after the other, and print the time of the writing alone."""
    spent_s, count = 0.0, 0
    with Database(address) as database:
        for night in nights_of(plan):
            began_s = time.perf_counter()
            assert database.add(night)
            spent_s += time.perf_counter() - began_s
            count += 1
    print(f"import of {count} nights: {spent_s:.1f} s, {1000 * spent_s / count:.1f} ms each", flush=True)


def show(path: Path) -> None:
    """Print how long Chromium takes to open a page, three times."""
    with chromium.running(viewport={"width": 1440, "height": 900}) as browser:
        for _ in range(3):
            timed("Chromium, until it is drawn", functools.partial(open_page, browser, path))


def open_page(browser: BrowserContext, path: Path) -> None:
    """Open a page in a tab of its own, until its first screen is drawn."""
    page = browser.new_page()
    page.goto(path.as_uri())
    page.evaluate(chromium.DRAWN)
    page.close()


def main() -> None:
    """Make the nights and the page, and print what both took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=365, help="of each machine")
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--nights-with-rounds", type=int, default=365)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to keep the database and the page")
    options = parser.parse_args()
    plan = Plan(nights=options.nights, rows=options.rows, nights_with_rounds=options.nights_with_rounds)
    with tempfile.TemporaryDirectory(prefix="year-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        measure(folder.resolve(), plan)


def measure(folder: Path, plan: Plan) -> None:
    """Write the history and the page into a folder, and print the figures."""
    store, page = folder / "history.sqlite", folder / "report.html"
    address = f"sqlite:///{store}"
    print(f"{len(FLEET)} machines, {plan.rows} rows, {plan.nights} nights", flush=True)
    fill(address, plan)
    print(f"store: {store.stat().st_size / 1e6:.1f} MB")
    sources = timed("read", lambda: source.read([], address))
    view = timed("page made", lambda: make_view.make_page(sources))
    page.write_text(timed("page written", lambda: render.render(view)), encoding="utf-8")
    print(f"page: {page.stat().st_size / 1e6:.2f} MB")
    if reason := chromium.why_not():
        print(f"not opened: {reason}")
    else:
        show(page)
    print("\n".join(found(view)))


def found(page: Page) -> Iterator[str]:
    """Yield the nights of each machine, and what they tell of it and of its rows."""
    for machine in page.machines:
        yield f"{machine.name} ({machine.about}): {machine.nights} nights"
        yield from (f"  {sentence}" for sentence in machine.trend)
        for row in machine.rows:
            yield from (f"  {sentence}" for sentence in (row.history.sentences if row.history else ()))


if __name__ == "__main__":
    main()
