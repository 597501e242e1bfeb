"""The pages themselves: their length, their links, and what they list beside the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perf.host.stack import ROOT
from perf.proof.claims import computing, process
from tests.builders.markdown import anchors, links, pages


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 180


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_repository_lead_somewhere(path: Path) -> None:
    for target, anchor in links(path):
        linked = (path.parent / target).resolve() if target else path
        assert linked.exists(), f"{target}: no such file"
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked), f"{target}#{anchor}: no such heading"


def test_every_claim_is_listed_in_the_order_of_its_check() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/reference/claims.md").read_text(), re.MULTILINE)
    assert listed == [claim.__name__ for claim in (*computing.CLAIMS, *process.CLAIMS)]


def test_what_to_use_today_has_no_figure_that_is_not_measured() -> None:
    """Seconds, speed-ups, GiB and dB: a table that is made anew must leave no old figure behind."""
    page = (ROOT / "docs/how-to/what-to-use-today.md").read_text().replace("Stable Diffusion 1.5", "")
    sources = ("docs/reference/table-turin.md", "docs/explanation/real-run.md")
    measured = " ".join((ROOT / source).read_text() for source in sources)
    figures = re.findall(r"(?<![\w.])\d+\.\d+x?(?![\w.])|(?<![\w.])\d+\.\d+x?(?=\.\s)", page)
    assert len(figures) > 40
    assert [figure for figure in figures if not re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", measured)] == []
