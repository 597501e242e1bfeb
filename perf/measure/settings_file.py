"""The options of every run, kept in a file: ``[tool.perf]`` of pyproject.toml, or perf.toml with the same keys.

A key is the name of an option without its dashes; an option that may be repeated is a list under its plural, such as
``variants``. ``row``, ``stacks`` and ``tolerance`` are tables of their own.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perf.errors import BadInput, UnknownName
from perf.measure.row_table import ROW, read_rows
from perf.measure.tolerance_table import read_tolerances
from perf.measure.toml_file import check_type, naming, read
from perf.spec import ladder
from perf.spec.synthetic import SYNTHETIC
from perf.spec.variant import Variant
from perf.stats.tolerances import Tolerances

OWN_FILE = "perf.toml"
PROJECT_FILE = "pyproject.toml"
TABLE = "tool.perf"
TOLERANCE, STACKS = "tolerance", "stacks"
TABLES = (ROW, STACKS, TOLERANCE)


@dataclass(frozen=True)
class Option:
    """An option as it is declared: its name, ``--warmup-steps``, and what argparse is told of it.

    ``in_file``: whether a file may set it; what is decided run by run belongs on the command line alone.
    ``may_be_number``: whether a file may give its text as a whole number, such as a list with one number in it.
    """

    name: str
    attributes: Mapping[str, Any]
    in_file: bool = True
    may_be_number: bool = False

    @property
    def dest(self) -> str:
        """The name of its value on the parsed command line."""
        return self.name.removeprefix("--").replace("-", "_")

    @property
    def key(self) -> str:
        """Its name in a file."""
        name = self.name.removeprefix("--")
        return f"{name}s" if self._is_list else name

    @property
    def attributes_without_default(self) -> dict[str, Any]:
        """What argparse is told so that an option that was not given is None.

        A switch that a file can turn on gets a ``--no-``, with which the command line turns it off.
        """
        attributes = {**self.attributes, "default": None}
        text = str(self.attributes.get("help", "")) % {"default": self.default}
        attributes["help"] = text.replace("%", "%%")
        if self._is_switch and self.in_file:
            attributes["action"] = argparse.BooleanOptionalAction
        return attributes

    @property
    def default(self) -> Any:
        """Its value where neither the command line nor a file gives one."""
        return False if self._is_switch else self.attributes.get("default")

    def value_of(self, value: object, folder: Path) -> Any:
        """Return the value that a file in ``folder`` gives it, as argparse would. Raises BadInput, UnknownName."""
        if self._is_list:
            return [check_type(f"each of {self.key}", text, str) for text in check_type(self.key, value, list)]
        if self.may_be_number and not isinstance(value, str):
            return check_type(self.key, value, int)
        checked = check_type(self.key, value, self._type)
        if isinstance(checked, float) and not math.isfinite(checked):
            raise BadInput(f"{self.key} is {checked}, not a finite number")
        choices = self.attributes.get("choices")
        if choices and checked not in choices:
            raise UnknownName(self.key, checked, choices)
        return self._located(checked, folder)

    @property
    def _is_list(self) -> bool:
        return self.attributes.get("action") == "append"

    @property
    def _is_switch(self) -> bool:
        return self.attributes.get("action") == "store_true"

    @property
    def _type(self) -> type:
        if self._is_switch:
            return bool
        wanted = self.attributes.get("type")
        return wanted if wanted in (int, float) else str

    def _located(self, value: Any, folder: Path) -> Any:
        """Return a path, and a model that is a folder, as seen from the file's own folder."""
        if self.attributes.get("type") is Path:
            return folder / Path(value).expanduser()
        if self.dest == "model" and value not in SYNTHETIC and (folder / value).is_dir():
            return str(folder / value)
        return value


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """What a file sets: ``values`` of options, by their ``dest``, and tables of other things. ``place`` names it.

    ``rows`` are those of one's own, ``stacks`` the interpreters of stacks by name, ``tolerances`` the changes that
    matter.
    """

    path: Path
    place: str
    values: Mapping[str, Any]
    tolerances: Tolerances
    rows: tuple[Variant, ...] = ()
    stacks: Mapping[str, Path] = field(default_factory=dict)

    @property
    def ladder(self) -> tuple[Variant, ...]:
        """The suite's rows, and then those of one's own."""
        return (*ladder.LADDER, *self.rows)


def find(folder: Path, options: Iterable[Option]) -> SettingsFile | None:
    """Return the settings file of a folder, or None if it has none. Raises BadInput, which names file and key.

    Args:
        folder: where to look: pytest's rootdir.
        options: those that exist.
    """
    own, project = folder / OWN_FILE, folder / PROJECT_FILE
    table = _project_table(project)
    if not os.path.lexists(own):  # a link to nothing is a mistake, not no file
        return None if table is None else _parse(project, f"{project}, [{TABLE}]", table, options)
    if table is not None:
        raise BadInput(f"{own} and [{TABLE}] of {PROJECT_FILE} both set options: keep one of the two")
    return _parse(own, str(own), _own_table(own), options)


def _own_table(path: Path) -> object:
    """Return what a perf.toml sets, also where it says so as pyproject.toml would, under [tool.perf]."""
    table = read(path)
    tools = table.pop("tool", {})
    nested = tools.get("perf", {}) if isinstance(tools, dict) else tools
    if not isinstance(nested, dict) or (isinstance(tools, dict) and tools.keys() - {"perf"}) or nested.keys() & table:
        raise BadInput(f"{path}: tool belongs to {PROJECT_FILE}; here it may be [{TABLE}] alone, and set nothing twice")
    return table | nested


def _project_table(path: Path) -> object | None:
    """Return ``[tool.perf]`` of a project, or None where there is none."""
    if not path.exists():
        return None
    tools = read(path).get("tool")
    return tools.get("perf") if isinstance(tools, dict) else None


def _parse(path: Path, place: str, table: object, options: Iterable[Option]) -> SettingsFile:
    with naming(place):
        given = dict(check_type(TABLE, table, dict))
        rows = read_rows(given.pop(ROW, []))
        known = (*ladder.LADDER, *rows)
        stacks = _read_stacks(check_type(STACKS, given.pop(STACKS, {}), dict), ladder.stacks(known), path.parent)
        tolerances = read_tolerances(check_type(TOLERANCE, given.pop(TOLERANCE, {}), dict), known)
        by_key = {option.key: option for option in options}
        values = {}
        for key, value in given.items():
            option = _allowed(key, by_key)
            values[option.dest] = option.value_of(value, path.parent)
    return SettingsFile(path=path, place=place, values=values, tolerances=tolerances, rows=rows, stacks=stacks)


def _read_stacks(table: Mapping[str, object], known: Sequence[str], folder: Path) -> dict[str, Path]:
    """Return the interpreters of a table, stack name -> path, which is relative to the file's own folder.

    One that is not there is a stack that is not installed, since machines may share the file.
    """
    stacks = {}
    for name, python in table.items():
        if name not in known:
            raise UnknownName("stack", name, known)
        path = Path(check_type(f"{STACKS}.{name}", python, str)).expanduser()
        stacks[name] = (folder / path).absolute()
    return stacks


def _allowed(key: str, by_key: Mapping[str, Option]) -> Option:
    """Return the option of a key. Raises BadInput if it belongs on the command line, UnknownName if there is none."""
    if key not in by_key:
        raise UnknownName("key", key, [*TABLES, *(key for key, option in by_key.items() if option.in_file)])
    if not by_key[key].in_file:
        raise BadInput(f"{key} is decided run by run, on the command line alone: {by_key[key].name}")
    return by_key[key]
