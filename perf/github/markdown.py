"""Foreign text made harmless in Markdown.

On GitHub, ``@name`` calls a person, ``#1`` links to an issue, ``fixes #1`` closes one, and HTML may hide what follows.
Within code none of it does. Titles have no code: of foreign text they hold letters, digits and a few signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from perf.host.foreign_text import in_one_line, printable

FIELD = 400  # characters of a text among others
NOT_PLAIN = re.compile(r"[^\w .,:%+/()=-]")
TICKS = re.compile(r"`+")
# Where a CI run may be: no signs that mean something in Markdown, and no page that GitHub would call back to.
LINK = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w.~%+-]+)*/?", re.ASCII)
CALLS_BACK = re.compile(r"/(issues|pull|discussions|commit)/")
COMMIT = re.compile(r"[0-9a-f]{7,64}")


def shortened(text: str, at_most: int = FIELD) -> str:
    """Return a text, or its beginning where it is longer than that."""
    return text if len(text) <= at_most else f"{text[: at_most - 3]}..."


def plain(text: object, at_most: int = FIELD) -> str:
    """Return the part of a text that means nothing to GitHub, in one line."""
    return shortened(" ".join(NOT_PLAIN.sub(" ", printable(str(text))).split()), at_most)


def code(text: object, at_most: int = FIELD) -> str:
    """Return the plain part of a text as code within a line or the cell of a table."""
    return f"`{plain(text, at_most) or '-'}`"


def fenced(lines: Iterable[object], language: str = "text", at_most: int = FIELD) -> list[str]:
    """Return texts as lines of a block of code, which none of them can end."""
    shown = [shortened(printable(in_one_line(str(line))), at_most) for line in lines]
    longest = max((len(run) for line in shown for run in TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *shown, fence]


def some(lines: Sequence[str], at_most: int) -> list[str]:
    """Return the first of some lines, and how many more there are."""
    more = len(lines) - at_most
    return [*lines[:at_most], *([f"and {more} more"] if more > 0 else [])]


def link(text: str, address: object) -> str | None:
    """Return a link to a CI run; None for what is no address of one."""
    if not isinstance(address, str) or len(address) > FIELD or not LINK.fullmatch(address):
        return None
    return None if CALLS_BACK.search(address) else f"[{text}]({address})"


def commit(digest: object) -> str | None:
    """Return the name of a commit, which GitHub links to; None for what is none."""
    return digest if isinstance(digest, str) and COMMIT.fullmatch(digest) else None
