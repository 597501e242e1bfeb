"""The full table as text: stacked tables for a terminal, and a page of GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from perf.host.foreign_text import printable
from perf.report.full_table.row import FullRow
from perf.report.full_table.sections import SECTIONS, Section, below, meaning
from perf.report.full_table.table import FullTable
from perf.report.ladder_table import WITHIN_SETTING, in_words
from perf.report.tables import aligned, markdown_table, wrapped

MADE_BY = "Made by `python -m perf table --markdown` from a recorded run; no figure is edited by hand."
MEANS_SOMETHING = re.compile(r"([\\`*<\[|])")  # to Markdown, in a line or a table's cell


def terminal(table: FullTable, width: int) -> str:
    """Return the table in lines of ``width`` columns."""
    about = [f"{label}: {text}" for label, text in table.about.items()]
    lines = [*wrapped(table.title, width), ""]
    for line in (*about, f"command: {table.command}"):
        lines += wrapped(line, width)
    for section in SECTIONS:
        cells = [texts for setting, rows in by_setting(table) for texts in terminal_cells(section, setting, rows)]
        lines += ["", section.title, *aligned(section.headings, cells, width, section.left)]
        lines += wrapped(meaning(section, table), width)
    noted = [part for name, text in below(table) for part in wrapped(f"{name}: {text}", width)]
    return "\n".join([*lines, *(["", *noted] if noted else []), ""])


def markdown(table: FullTable) -> str:
    """Return the table as a page of Markdown."""
    about = [f"- {plain(label)}: {plain(text)}" for label, text in table.about.items()]
    lines = [f"# {plain(table.title)}", "", MADE_BY, "", *about, f"- command: {code(table.command)}", ""]
    for section in SECTIONS:
        cells = []
        for setting, rows in by_setting(table):
            cells += [[plain(in_words(setting))]] if setting else []
            cells += [markdown_cells(section, section.cells(row)) for row in rows]
        lines += [f"## {section.title}", "", *markdown_table(section.headings, cells, section.left), ""]
        lines += [meaning(section, table), ""]
    if noted := below(table):
        lines += ["## Missing", "", *(f"- {plain(name)}: {plain(text)}" for name, text in noted), ""]
    return "\n".join(lines)


def by_setting(table: FullTable) -> Iterator[tuple[str, list[FullRow]]]:
    """Yield each setting of a sweep with its rows; outside one they are all of the same, an empty text."""
    for setting in dict.fromkeys(row.setting for row in table.rows):
        yield setting, [row for row in table.rows if row.setting == setting]


def terminal_cells(section: Section, setting: str, rows: Sequence[FullRow]) -> list[tuple[str, ...]]:
    """Return the cells of the rows of one setting, in a sweep below a line with its name."""
    cells = [section.cells(row) for row in rows]
    if not setting:
        return cells
    return [(in_words(setting),), *((f"{WITHIN_SETTING}{name}", *others) for name, *others in cells)]


def markdown_cells(section: Section, cells: Sequence[str]) -> list[str]:
    """Return cells as Markdown, the names of programs in them as code."""
    return [code(cell) if number in section.code and cell != "-" else plain(cell) for number, cell in enumerate(cells)]


def plain(text: str) -> str:
    """Return text that means nothing to Markdown, in one line."""
    return MEANS_SOMETHING.sub(r"\\\1", printable(text))


def code(text: str) -> str:
    """Return text as code within a line or a cell, which it cannot end."""
    return f"`{printable(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"
