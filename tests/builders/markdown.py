"""The project's Markdown pages for tests: their commands and their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from perf.host.stack import ROOT

BLOCK = re.compile(r"(?:<!-- (?P<mark>[^\n]*) -->\n\n)?```sh\n(?P<text>.*?)```", re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
WRITTEN = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/how-to/*.md",
    "docs/reference/*.md",
    "docs/explanation/*.md",
)


@dataclass(frozen=True)
class Block:
    """A block of shell commands on a page, and what the comment before it says."""

    page: str
    text: str
    mark: str = ""

    @property
    def lines(self) -> list[str]:
        """The commands, one a line."""
        return [line for line in self.text.splitlines() if line.strip()]


def pages() -> list[Path]:
    """Every page that people have written."""
    return [path for pattern in WRITTEN for path in sorted(ROOT.glob(pattern))]


def blocks(path: Path) -> list[Block]:
    """The blocks of shell commands on a page, in order."""
    page = str(path.relative_to(ROOT))
    return [Block(page, match["text"], match["mark"] or "") for match in BLOCK.finditer(path.read_text())]


def links(path: Path) -> Iterator[tuple[str, str]]:
    """Every link to another file or heading of this repository: its path, or nothing, and its anchor, or nothing."""
    yield from LINK.findall(FENCED.sub("", path.read_text()))


def anchors(path: Path) -> set[str]:
    """What the headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def toml_blocks(page: str) -> list[str]:
    """Return the TOML blocks of a page of docs/, of which it has some."""
    blocks = re.findall(r"^```toml\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks, page
    return blocks
