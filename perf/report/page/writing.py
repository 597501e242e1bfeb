"""The page as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perf.errors import BadInput
from perf.host.replaced_file import replace_text
from perf.report.page import make_view, render, source

SUFFIXES = {".html", ".htm"}


def check_name(option: str, output: Path) -> None:
    """Raise BadInput unless the file's name is one that a browser opens as a page."""
    if output.suffix not in SUFFIXES:
        raise BadInput(f"{option} {output}: the name must end in .html")


def write_page(output: Path, runs: Sequence[Path], history: str | None) -> None:
    """Write the page of these runs and of a history, whole or not at all.

    Raises BadRun, BadHistory or OSError, and BadInput where there is no night to show.
    """
    sources = source.read(runs, history)
    if sources.is_empty:
        raise BadInput(f"--history {history}: no night is in it yet")
    replace_text(output, render.render(make_view.make_page(sources)))
