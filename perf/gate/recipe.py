"""The check of a stack's recipe in a baseline: names and releases alone, since pip is told to install them."""

from __future__ import annotations

import re
from typing import Any

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from perf.errors import BadRecord
from perf.gate.baseline_key import Json
from perf.records.checks import check_keys

PYTHON_VERSION = re.compile(r"\d+(\.\d+)+", re.ASCII)
TEXT = re.compile(r"[!-~]+")  # neither blanks nor line breaks, which the parsers below allow at the ends


def check_recipe(data: object) -> Json:
    """Return a stack's recipe: names are those of PEP 503, versions those of PEP 440. Raises BadRecord."""
    recipe = check_keys(data, required={"name", "python_version", "packages"}, where="stack")
    if not isinstance(recipe["name"], str):
        raise BadRecord("stack.name", f"{recipe['name']!r} is not a name")
    if not isinstance(recipe["packages"], dict):
        raise BadRecord("stack.packages", "is not an object")
    python_version = recipe["python_version"]
    if not isinstance(python_version, str) or not PYTHON_VERSION.fullmatch(python_version):
        raise BadRecord("stack.python_version", f"{python_version!r} is not a version such as 3.11.7")
    for name, version in recipe["packages"].items():
        if not _is_name(name):
            raise BadRecord("stack.packages", f"{name!r} is not the name of a package")
        if not _is_version(version):
            raise BadRecord(f"stack.packages.{name}", f"{version!r} is not a version such as 2.8.0 or 2.8.0+cpu")
    return recipe


def _is_name(name: str) -> bool:
    try:
        canonicalize_name(name, validate=True)
    except InvalidName:
        return False
    return TEXT.fullmatch(name) is not None


def _is_version(version: Any) -> bool:
    if not isinstance(version, str) or not TEXT.fullmatch(version):
        return False
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True
