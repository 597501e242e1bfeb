"""The page in a real browser: from disk, and under the Content-Security-Policy that Jenkins serves artefacts with."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from perf.history.database import Database
from perf.report.page import make_view, render, source
from perf.spec.ladder import LADDER
from tests.builders import chromium
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade
from tests.builders.simulated_nights import Plan, nights_of
from tests.builders.whole_ladders import ladder_record, write_ladder

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.skipif(chromium.why_not() is not None, reason=str(chromium.why_not()))

JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"
WIDTHS = (390, 1440)
SHOWN = LADDER[:12]
A4_ACROSS = 1030  # pixels, without the margins
TOO_WIDE = """() => [...document.querySelectorAll("main table")].filter(table => table.offsetParent
    && table.offsetWidth > innerWidth).map(table => table.caption?.textContent)"""
SERIOUS = {"serious", "critical"}
VISIBLE_ROWS = "details => details.filter(each => !each.hidden).length"
# Pictures without a shape, or with one that is not drawn anywhere.
EMPTY_PLOTS = """() => [...document.querySelectorAll("svg.plot")].filter(
    plot => ![...plot.querySelectorAll("path[fill]:not([fill=none]), circle, rect")].some(
        shape => shape.getBBox().width > 0)).length"""
# Pictures that refer to nothing, or to what cannot be decoded.
EMPTY_PICTURE = """async () => {
    const images = [...document.querySelectorAll("defs image")];
    const decoded = await Promise.all(images.map(async image => {
        const probe = new Image();
        probe.src = image.href.baseVal;
        return probe.decode().then(() => probe.naturalWidth > 1, () => false);
    }));
    const good = new Set(images.filter((_, at) => decoded[at]).map(image => `#${image.id}`));
    return [...document.querySelectorAll("svg.picture use")].map(use => use.href.baseVal).filter(id => !good.has(id));
}"""
# Labels of a plot that lie over each other or beyond its edges.
BAD_LABELS = """() => [...document.querySelectorAll("svg.plot")].flatMap(plot => {
    const edge = plot.viewBox.baseVal;
    const boxes = [...plot.querySelectorAll("text")].map(text => [text.textContent, text.getBBox()]);
    const beyond = boxes.filter(([, box]) => box.x < -1 || box.y < -1 || box.x + box.width > edge.width + 1
        || box.y + box.height > edge.height + 1).map(([words]) => `beyond the edge: ${words}`);
    const over = boxes.flatMap(([words, box], at) => boxes.slice(at + 1).filter(([, other]) =>
        box.x < other.x + other.width && other.x < box.x + box.width
        && box.y + 3 < other.y + other.height && other.y + 3 < box.y + box.height
    ).map(([others]) => `${words} over ${others}`));
    return [...beyond, ...over];
})"""


def write_page(folder: Path, nights: int, rows: int) -> Path:
    """Write a page of a fleet with some history, and a night with evidence."""
    address = f"sqlite:///{folder / 'history.sqlite'}"
    with Database(address) as database:
        for night in nights_of(Plan(nights=nights, rows=rows)):
            database.add(night)
    record = ladder_record(when="2026-02-01T02:00:00+00:00")
    run = write_ladder(folder / "run.json", record | {"benchmarks": record["benchmarks"][:rows]})
    upgrade = write_upgrade(folder / "upgrade.json", upgrade_record())
    path = folder / "report.html"
    path.write_text(render.render(make_view.make_page(source.read([run, upgrade], address))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("page"), nights=60, rows=len(SHOWN))


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium.running() as browser:
        yield browser


@dataclass
class Opened:
    """An open page, what it asked for, and what its console says."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextlib.contextmanager
def opened(browser: BrowserContext, address: str, width: int = 1440, scheme: Any = "light") -> Iterator[Opened]:
    page = browser.new_page()
    found = Opened(page)
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("console", lambda message: found.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(address)  # and no waiting for a frame: where no script works, no callback is called
    try:
        yield found
    finally:
        page.close()


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_opens_from_disk_without_a_request_or_an_error(
    browser: BrowserContext, page_file: Path, width: int, scheme: str
) -> None:
    with opened(browser, page_file.as_uri(), width, scheme) as found:
        open_all(found.page)
        assert found.requests == [page_file.as_uri()]
        assert found.errors == []
        assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no page is wider than it"
        assert found.page.locator("svg.plot").count() > 5 * len(SHOWN)
        assert found.page.evaluate(EMPTY_PLOTS) == 0
        assert found.page.evaluate(BAD_LABELS) == []


def test_the_images_of_a_row_are_beside_the_reference_and_their_difference(
    browser: BrowserContext, page_file: Path
) -> None:
    with opened(browser, page_file.as_uri()) as found:
        open_all(found.page)
        row = found.page.locator("details.row", has=found.page.get_by_role("heading", name="bf16-compile", exact=True))
        shown = row.locator("svg.picture")
        assert shown.count() == 3
        assert [each.evaluate("each => each.clientWidth") for each in shown.all()] == [128] * 3
        seen = {each.screenshot() for each in shown.all()}
        assert len(seen) == 3, "each shows something else"
        empty = found.page.evaluate(EMPTY_PICTURE)
        assert empty == [], "every picture that is used is there"


def test_printed_on_a4_no_table_is_cut(browser: BrowserContext, page_file: Path) -> None:
    with opened(browser, page_file.as_uri(), width=A4_ACROSS) as found:
        found.page.emulate_media(media="print")
        assert found.page.evaluate(TOO_WIDE) == []
        assert not found.page.locator(".controls").is_visible()


def test_tables_are_sorted_by_a_heading_with_the_keyboard_alone(browser: BrowserContext, page_file: Path) -> None:
    with opened(browser, page_file.as_uri()) as found:
        table = found.page.locator("table.sortable", has_text="judged by").first
        change = table.locator("th", has_text="change")
        for direction in ("ascending", "descending"):
            change.locator("button").focus()
            found.page.keyboard.press("Enter")
            assert change.get_attribute("aria-sort") == direction
            shown = [float(text.split()[0]) for text in table.locator("tbody td:nth-child(4)").all_inner_texts()]
            assert shown == sorted(shown, reverse=direction == "descending")


def test_rows_are_filtered_by_their_names_and_verdicts(browser: BrowserContext, page_file: Path) -> None:
    with opened(browser, page_file.as_uri()) as found:
        rows = found.page.locator("details.row")
        everything = rows.count()
        compiled = sum("compile" in variant.name for variant in SHOWN)
        found.page.get_by_label("Rows with").fill("compile")
        assert rows.evaluate_all(VISIBLE_ROWS) == everything / len(SHOWN) * compiled
        found.page.get_by_label("Rows with").fill("regressed bf16")
        assert rows.evaluate_all(VISIBLE_ROWS) == 1
        found.page.get_by_label("Rows with").fill("")
        assert rows.evaluate_all(VISIBLE_ROWS) == everything


def test_a_link_to_a_row_opens_it(browser: BrowserContext, page_file: Path) -> None:
    with opened(browser, page_file.as_uri()) as found:
        found.page.locator("tbody a", has_text="eager-fp32").first.click()
        assert found.page.locator("details.row[open] h4", has_text="eager-fp32").first.is_visible()


@contextlib.contextmanager
def served(folder: Path, policy: str) -> Iterator[str]:
    """Serve a folder with a Content-Security-Policy, and yield its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", policy)
            super().end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_under_a_policy_that_forbids_styles_and_scripts_all_of_it_is_readable(
    browser: BrowserContext, page_file: Path, scheme: str
) -> None:
    with (
        served(page_file.parent, JENKINS) as address,
        opened(browser, f"{address}/{page_file.name}", scheme=scheme) as found,
    ):
        page = found.page
        assert page.evaluate("getComputedStyle(document.querySelector('.kind')).fontWeight") == "400", "no style works"
        assert page.locator("form").count() == 0, "no script works"
        assert page.locator("tbody th", has_text="bf16-compile").first.is_visible()
        page.locator("summary").first.click()
        assert page.evaluate("document.querySelector('details.row').open !== undefined")
        assert page.evaluate("[...document.querySelectorAll('svg')].every(each => each.clientWidth < 400)")
        ink, paper = page.evaluate(
            "[getComputedStyle(document.querySelector('svg.plot')).fill, getComputedStyle(document.body).color]"
        )
        assert ink == paper, "text in pictures has the colour of the text around them"


def test_axe_finds_nothing_serious(browser: BrowserContext, tmp_path: Path) -> None:
    small = write_page(tmp_path, nights=20, rows=3)  # axe takes half a second for a row
    for scheme in ("light", "dark"):
        with opened(browser, small.as_uri(), scheme=scheme) as found:
            open_all(found.page)
            result = Axe().run(found.page, options={"resultTypes": ["violations"]}).response
            violations = [
                (each["id"], each["nodes"][0]["html"]) for each in result["violations"] if each["impact"] in SERIOUS
            ]
            assert result["passes"], "something was looked at"
            assert violations == []
