"""Text that other people's programs have printed, made fit for a log: it can neither command nor disguise anything.

GitHub's runner takes a line of any output that begins with ``::``, and ``##[`` anywhere in one, for a command: to mute
annotations, for example. A terminal takes control characters for orders.
"""

from __future__ import annotations

import re
import unicodedata

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
BAR = "| "


def quoted(text: str) -> str:
    """Return the lines of a text behind a bar each, without control characters."""
    return "\n".join(f"{BAR}{_harmless(line)}".rstrip() for line in text.splitlines())


def in_one_line(text: str) -> str:
    """Return a text in one line, without control characters, to stand behind something else."""
    return "; ".join(_harmless(line.strip()) for line in text.splitlines() if line.strip())


def printable(text: str) -> str:
    """Return the part of a text that people see, in one line.

    What is neither a letter nor a sign is left out: control characters, marks that turn the direction of writing,
    halves of surrogate pairs. XML and UTF-8 take whatever is left.
    """
    line = " ".join(CONTROL.sub("", text).split())
    return "".join(sign for sign in line if not unicodedata.category(sign).startswith("C"))


def _harmless(line: str) -> str:
    return CONTROL.sub("", line).replace("##[", "# #[")
