"""Tables and lists, for terminals, logs and Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

HANGING_INDENT = 4


def aligned(headings: Sequence[str], rows: Iterable[Sequence[str]], width: int, left: int = 1) -> list[str]:
    """Return lines of at most ``width`` columns: the first ``left`` columns to the left, the others to the right.

    A name that has no room goes on in the next line: cut, it would be that of another row as well.
    """
    table = Table(box=None, pad_edge=False)
    for heading in headings[:left]:
        table.add_column(heading, overflow="fold")
    for heading in headings[left:]:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*row)
    text = StringIO()
    Console(file=text, width=width, color_system=None, markup=False, highlight=False).print(table)
    return [line.rstrip() for line in text.getvalue().splitlines()]


def wrapped(line: str, width: int) -> list[str]:
    """Return a line broken at spaces where it is longer than ``width``; a path or a word longer than that is kept."""
    if len(line) <= width:
        return [line]
    indent = len(line) - len(line.lstrip()) + HANGING_INDENT
    return textwrap.wrap(line, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    """Return the lines of a GitHub table: the first ``left`` columns to the left, the others to the right."""
    rule = ["---"] * left + ["---:"] * (len(headings) - left)
    return [f"| {' | '.join(row)} |" for row in (headings, rule, *rows)]


def markdown_list(lines: Iterable[str]) -> str:
    """Return a list that follows a paragraph, or nothing for no lines."""
    items = "".join(f"- {line}\n" for line in lines)
    return f"\n{items}" if items else ""
