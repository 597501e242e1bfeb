"""Tables for terminals and logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table


def aligned(headings: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """Lines of at most ``width`` columns: the first column to the left, the others to the right."""
    table = Table(headings[0], box=None, pad_edge=False)
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*row)
    text = StringIO()
    Console(file=text, width=width, color_system=None, markup=False, highlight=False).print(table)
    return [line.rstrip() for line in text.getvalue().splitlines()]
