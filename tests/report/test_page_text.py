"""The page's text: everything from a record is escaped, and nothing needs a style, a script or another file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from perf.report.page import make_view, render, source
from perf.report.page.view import Page
from tests.builders.recorded_upgrades import upgrade_record, write_upgrade
from tests.builders.whole_ladders import ladder_record, write_ladder

HOSTILE = "<script>alert(1)</script>\"'&"


class Parsed(HTMLParser):
    """The elements of a page with their attributes, the text outside of script and style, and what is never closed."""

    VOID = frozenset({"meta", "link", "br", "input"})
    MAY_STAY_OPEN = frozenset({"td", "tr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1] != tag and self.open[-1] in self.MAY_STAY_OPEN:
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(data)

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


def hostile(record: dict[str, Any]) -> dict[str, Any]:
    """Put markup into every text of a record that the page shows."""
    record["machine_info"]["node"] = HOSTILE
    record["machine_info"]["perf"]["cpu"] = HOSTILE
    record["machine_verdict"]["sentence"] = HOSTILE
    record["ci_url"] = "javascript:alert(1)"
    row = record["benchmarks"][0]["extra_info"]
    row["variant"] |= {"name": HOSTILE, "about": HOSTILE}
    row["session"]["variant"] = HOSTILE
    row["verdict"]["sentence"] = HOSTILE
    row["claims"] = [{"name": HOSTILE, "holds": False, "says": HOSTILE}]
    row["software_changes"] = [HOSTILE]
    row["stack"]["packages"] = {"torch": HOSTILE}
    row["evidence"]["kernels"][0] |= {"implementation": HOSTILE, "operation": HOSTILE}
    row["model"] = {"name": HOSTILE, "digest": "d" * 64}
    return record


def test_whatever_a_record_holds_is_text(tmp_path: Path) -> None:
    record = json.loads(json.dumps(ladder_record()))
    run = write_ladder(tmp_path / "run.json", hostile(record))
    html = render.render(make_view.make_page(source.read([run], None)))
    assert html.count("<script>") == 1, "our own"
    assert "javascript:" not in html
    parsed = Parsed(html)
    assert parsed.open == []
    assert HOSTILE in "".join(parsed.texts)
    assert all(not name.startswith("on") for _, attributes in parsed.elements for name in attributes)


def test_whatever_an_upgrade_check_holds_is_text(tmp_path: Path) -> None:
    record = upgrade_record()
    record["machine_info"]["node"] = HOSTILE
    record["ci_url"] = "javascript:alert(1)"
    found = record["upgrade"]
    found["package_changes"] = found["unasked_changes"] = [HOSTILE]
    found["candidate"]["packages"]["torch"] = HOSTILE
    found["results"][0] |= {"variant": HOSTILE, "says": HOSTILE, "moved": [HOSTILE], "differences": [HOSTILE] * 20}
    html = render.render(make_view.make_page(source.read([write_upgrade(tmp_path / "up.json", record)], None)))
    assert html.count("<script>") == 1, "our own"
    assert "javascript:" not in html
    parsed = Parsed(html)
    assert parsed.open == []
    assert "".join(parsed.texts).count(HOSTILE) > 10


def test_nothing_needs_a_style_attribute_an_inline_handler_or_another_file(fleet: Page) -> None:
    parsed = Parsed(render.render(fleet))
    assert parsed.open == []
    for tag, attributes in parsed.elements:
        assert "style" not in attributes, tag
        for name in {"src", "href", "xlink:href"} & attributes.keys():
            assert re.match(r"#|data:,$|https://ci\.example\.org/", attributes[name] or ""), attributes
    policies = [each["content"] for each in parsed.named("meta") if each.get("http-equiv")]
    assert policies[0]
    assert policies[0].startswith("default-src 'none'")
    assert "unsafe" not in policies[0]


def test_every_link_within_the_page_leads_somewhere_and_no_id_is_there_twice(fleet: Page) -> None:
    parsed = Parsed(render.render(fleet))
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(each["href"] or "")[1:] for each in parsed.named("a") if (each["href"] or "").startswith("#")}
    assert targets <= set(ids)


def test_a_row_is_small_enough_for_a_fleet_with_a_year_of_nights(fleet: Page) -> None:
    rows = sum(len(machine.rows) for machine in fleet.machines)
    assert len(render.render(fleet).encode()) / rows < 2e6 / 120


def test_every_picture_has_a_label_or_is_beside_its_figures(fleet: Page) -> None:
    for attributes in Parsed(render.render(fleet)).named("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")


def test_every_coordinate_is_a_number(fleet: Page) -> None:
    drawn = "".join(re.findall(r"<svg.*?</svg>", render.render(fleet)))
    assert drawn
    assert not re.search(r"\b(nan|inf)\b", drawn)


def test_joules_have_a_column_where_any_row_has_them(tmp_path: Path) -> None:
    record = json.loads(json.dumps(ladder_record()))
    without = Parsed(render.render(make_view.make_page(source.read([write_ladder(tmp_path / "a.json", record)], None))))
    assert "J/image" not in without.texts
    for session in record["benchmarks"][1]["extra_info"]["baseline_row"]["sessions"]:
        rounds = len(session["rounds"]["latency_s"])
        session["rounds"] |= {"package_j": [5300.0] * rounds, "dram_j": [412.0] * rounds}
    parsed = Parsed(render.render(make_view.make_page(source.read([write_ladder(tmp_path / "b.json", record)], None))))
    assert "J/image" in parsed.texts
    assert "5712" in parsed.texts
