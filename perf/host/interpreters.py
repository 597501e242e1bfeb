"""Interpreters of stacks that are named on the command line or in a file instead of being taken from tox."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from perf.errors import BadInput, UnknownName


def parse_overrides(texts: Iterable[str], known: Sequence[str]) -> dict[str, Path]:
    """Read ``NAME=PYTHON`` texts into stack name -> interpreter, of ``known`` stacks. Raises BadInput, UnknownName."""
    overrides = {}
    for text in texts:
        name, equals, python = text.partition("=")
        if not equals or not python:
            raise BadInput(f"--stack {text!r} is not of the form NAME=/path/to/python")
        if name not in known:
            raise UnknownName("stack", name, known)
        overrides[name] = check_python(f"--stack {text}", Path(python))
    return overrides


def check_python(option: str, python: Path) -> Path:
    """Return the absolute path of an interpreter. Raises BadInput, naming the ``option``, if it cannot be executed."""
    path = python.expanduser().absolute()
    if not os.access(path, os.X_OK) or path.is_dir():
        raise BadInput(f"{option}: {path} is not an executable file")
    return path
