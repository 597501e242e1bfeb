"""Reference pages made from the code: options, commands, exit codes, rows, quantities, claims, fields, folders."""

from __future__ import annotations

import argparse
import ast
import contextlib
import dataclasses
import importlib
import inspect
import io
import itertools
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

import perf
from perf import cli, exit_codes
from perf.measure import options
from perf.records import counts, energy, evidence, sample
from perf.spec.ladder import FIDELITY, LADDER
from perf.stats import verdict
from perf.stats.watch import WATCHES

HELP_COLUMNS = "100"
FIELDS_SHOWN = (
    sample.Session,
    sample.Sample,
    sample.Parts,
    sample.Conditions,
    energy.Energy,
    counts.GenerationCounts,
    counts.Counts,
    evidence.Evidence,
    evidence.Kernel,
    evidence.State,
    evidence.Surroundings,
    evidence.Peak,
    verdict.Verdict,
    verdict.Finding,
)


class OptionRecorder:
    """The part of pytest's parser that the suite's options are registered with; it keeps what it is given."""

    def __init__(self) -> None:
        self.options: list[tuple[str, Mapping[str, Any]]] = []

    def getgroup(self, *_: str) -> OptionRecorder:
        """Return itself: there is one group."""
        return self

    def addoption(self, name: str, **attributes: Any) -> None:
        """Keep an option."""
        self.options.append((name, attributes))


def write_all(folder: Path) -> None:
    """Write every page into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (folder / f"{name}.md").write_text(make() + "\n", encoding="utf-8")


def pytest_options() -> list[tuple[str, Mapping[str, Any]]]:
    """Return the names and attributes of the options that the suite adds to pytest."""
    recorder = OptionRecorder()
    options.add_options(cast("pytest.Parser", recorder))
    return recorder.options


def options_page() -> str:
    """Return a table of pytest's options of group perf."""
    rows = [(option_cell(name, attributes), help_text(attributes)) for name, attributes in pytest_options()]
    return table(("option", "meaning"), rows)


def option_cell(name: str, attributes: Mapping[str, Any]) -> str:
    """Return an option as it is typed, with a placeholder for its value."""
    if attributes.get("action") == "store_true":
        return f"`{name}`"
    if attributes.get("action") is argparse.BooleanOptionalAction:
        return f"`{name}`, `--no-{name.removeprefix('--')}`"
    value = attributes.get("metavar") or name.removeprefix("--").replace("-", "_").upper()
    return f"`{name} {value}`"


def help_text(attributes: Mapping[str, Any]) -> str:
    """Return an option's help; a path of this checkout is shown relative to it."""
    text = str(attributes.get("help", "")) % {}
    return text.replace(f"{Path(perf.__file__).parents[1]}/", "")


def commands_page() -> str:
    """Return the help of every command, as the command itself prints it."""
    whole = help_of("")
    names = re.findall(r"^    (\w+) ", whole, re.MULTILINE)
    helps = {"python -m perf": whole, **{f"python -m perf {name}": help_of(name) for name in names}}
    return "\n\n".join(f"## `{command}`\n\n{fenced(text)}" for command, text in helps.items())


def help_of(command: str) -> str:
    """Return what ``python -m perf COMMAND --help`` prints."""
    printed = io.StringIO()
    columns = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = HELP_COLUMNS
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            cli.parser().parse_args([*command.split(), "--help"])
    finally:
        os.environ.pop("COLUMNS")
        if columns is not None:
            os.environ["COLUMNS"] = columns
    return printed.getvalue().replace(f"{Path(perf.__file__).parents[1]}/", "").rstrip()


def exit_codes_page() -> str:
    """Return a table of the exit codes, with the sentence below each in its enum."""
    rows = []
    (members,) = [node.body for node in parsed(exit_codes).body if isinstance(node, ast.ClassDef)]
    for member, meaning in itertools.pairwise([*members, ast.Pass()]):
        if isinstance(member, ast.Assign):
            text = meaning.value if isinstance(meaning, ast.Expr) else None
            sentence = str(text.value) if isinstance(text, ast.Constant) else ""
            rows.append((ast.unparse(member.value), first_sentence(sentence) or "All is well."))
    return table(("code", "meaning"), rows)


def parsed(module: ModuleType) -> ast.Module:
    """Return the syntax tree of a module's source."""
    return ast.parse(inspect.getsource(module))


def watches_page() -> str:
    """Return a table of the watched quantities."""
    rows = [(watch.name, f"{watch.tolerance:.0%}", f"{watch.share:.0%}") for watch in WATCHES]
    return table(("quantity", "tolerance", "share of a row's false alarms"), rows)


def rows_page() -> str:
    """Return a table of the ladder's rows."""
    cells = [
        (f"`{row.name}`", row.stack, row.backend, row.precision, row.scheduler, row.about, published(row.published_s))
        for row in LADDER
    ]
    return table(("row", "stack", "backend", "precision", "scheduler", "what it is", "article's seconds"), cells)


def published(seconds: Mapping[str, float]) -> str:
    """Return the article's figures, by CPU."""
    return ", ".join(f"{cpu} {value:g}" for cpu, value in seconds.items()) or "-"


def fidelity_page() -> str:
    """Return a table of the limits of images, by precision."""
    rows = [
        (f"`{name}`", f"{limits.psnr_db:g} dB", f"{limits.ssim:g}", f"{limits.latents_error:.1%}")
        for name, limits in FIDELITY.items()
    ]
    return table(("precision", "PSNR at least", "SSIM at least", "error of the latents at most"), rows)


def fields_page() -> str:
    """Return the fields of what is recorded, a table per kind."""
    return "\n\n".join(fields_of(kind) for kind in FIELDS_SHOWN)


def fields_of(kind: Any) -> str:
    """Return a dataclass's docstring, and its fields with their types."""
    rows = [(f"`{field.name}`", f"`{field.type}`") for field in dataclasses.fields(kind)]
    return f"### {kind.__name__}\n\n{markdown(kind.__doc__)}\n\n{table(('field', 'type'), rows)}"


def folders_page() -> str:
    """Return the map of the folders, and the docstring of each."""
    parts = [markdown(perf.__doc__)]
    names = re.findall(r"^    (\w+) ", perf.__doc__ or "", re.MULTILINE)
    docstrings = {name: importlib.import_module(f"perf.{name}").__doc__ for name in names}
    parts += [f"## `perf/{name}`\n\n{markdown(docstring)}" for name, docstring in docstrings.items()]
    return "\n\n".join(parts)


def markdown(docstring: str | None) -> str:
    """Return a docstring as Markdown: indented blocks after ``::`` become fenced ones, double backticks single."""
    blocks: list[str] = []
    text = f"{inspect.cleandoc(docstring or '')}\n"
    parts = re.split(r"((?:^    .*\n|^\n(?=    ))+)", text, flags=re.MULTILINE)
    for number, part in enumerate(parts):
        if not part.strip(": \n"):
            continue
        if number % 2:
            blocks.append(fenced(dedented(part.strip("\n"))))
        else:
            blocks.append(re.sub(r"::?$|^::$", ":", part.strip(), flags=re.MULTILINE).replace("``", "`"))
    return "\n\n".join(blocks).replace("\n:\n", "\n")


def dedented(text: str) -> str:
    """Return the lines without the four blanks before them."""
    return "\n".join(line.removeprefix("    ") for line in text.split("\n"))


def fenced(text: str) -> str:
    """Return a block of plain text."""
    return f"```text\n{text}\n```"


def first_sentence(docstring: str | None) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return " ".join((docstring or "").strip().split("\n\n")[0].split()).replace("``", "`")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, ["---"] * len(headings), *escaped))


PAGES: Mapping[str, Callable[[], str]] = {
    "options": options_page,
    "commands": commands_page,
    "exit-codes": exit_codes_page,
    "watches": watches_page,
    "rows": rows_page,
    "fidelity": fidelity_page,
    "fields": fields_page,
    "folders": folders_page,
}
