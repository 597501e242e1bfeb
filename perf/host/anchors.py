"""Anchors: the stacks that baselines were accepted with, kept as environments that can be run again.

::

    anchors/DIGEST/       the environment, complete or absent
    anchors/DIGEST.json   what it is, who refers to it, and when it was last used: see perf.host.anchor_uses

An anchor is known by its Python and every version in it, and shared by all rows of that stack. Age does not remove it.
Installing it is a door into the runner, since a baseline names what is installed: exact releases alone, wheels alone,
nothing for their own sake, and by their hashes where the lock files know all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

from perf.errors import BadInput, PipFailed
from perf.host import helper
from perf.host.cache import cache_dir, make_once
from perf.host.environments import SPARE_BYTES, make_venv
from perf.host.installer import pip
from perf.host.pinned_hashes import hashes_of
from perf.host.stack import INSTALLERS, Stack
from perf.host.withheld import without_secrets

DIGITS = 16
START_DEADLINE_S = 60
MARGIN = 1.3  # other releases of the same packages are somewhat larger, and pip unpacks beside


@dataclass(frozen=True)
class Recipe:
    """What makes an anchor: its Python, and the exact version of each package."""

    python_version: str
    packages: Mapping[str, str]

    @classmethod
    def of(cls, recipe: Mapping[str, Any]) -> Recipe:
        """Return that of a stack's recipe, as a baseline's row has it, without what only installs."""
        packages = {name: version for name, version in sorted(recipe["packages"].items()) if name not in INSTALLERS}
        return cls(recipe["python_version"], packages)

    @property
    def digest(self) -> str:
        """The anchor's name in the cache."""
        whole = json.dumps([self.python_version, sorted(self.packages.items())])
        return hashlib.sha256(whole.encode()).hexdigest()[:DIGITS]

    def is_of(self, stack: Stack) -> bool:
        """Tell whether an installed stack is this one already."""
        return Recipe.of(stack.recipe) == self


def folder() -> Path:
    """Return where anchors are kept."""
    return cache_dir() / "anchors"


def interpreter(recipe: Recipe) -> Path:
    """Return where the anchor's interpreter is, or would be."""
    return folder() / recipe.digest / "bin" / "python"


def is_made(recipe: Recipe) -> bool:
    """Tell whether the anchor is there and its interpreter starts."""
    return _starts(folder() / recipe.digest)


def make(recipe: Recipe, here: Stack) -> Path:
    """Return the interpreter of the anchor, which is made unless it is there and starts.

    Args:
        recipe: what the anchor is.
        here: the stack in use, whose Python it is made with if that is of the same version.

    Raises:
        BadInput: its Python is not installed here, or pip cannot install a package, which is named.
        NoSpace: the disk has no room for it.
    """

    def make_in(target: Path) -> None:
        make_venv(find_python(recipe.python_version, here), target)
        install_exactly(target / "bin" / "python", recipe.packages, target / "requirements.txt")

    if not is_made(recipe):
        make_once(folder() / recipe.digest, make_in, needed_bytes(recipe, here), _starts)
    return interpreter(recipe)


def install_exactly(python: Path, packages: Mapping[str, str], listing: Path) -> None:
    """Install wheels of exactly these releases and nothing else. Raises BadInput, which names what cannot be had."""
    hashes = hashes_of(packages)
    lines = {f"{name}=={version}": hashes[name] if hashes else [] for name, version in packages.items()}
    listing.write_text("".join(f"{_line(pin, known)}\n" for pin, known in lines.items()), encoding="utf-8")
    checked = ("--require-hashes",) if hashes else ()
    try:
        pip(python, "install", "--only-binary", ":all:", "--no-deps", *checked, "--requirement", str(listing))
    except PipFailed as error:
        raise BadInput(_why_not(lines, error.quote)) from error


def needed_bytes(recipe: Recipe, here: Stack) -> int:
    """Estimate the disk space that the anchor takes.

    The stack in use is as large, where it has the same packages and the same torch, whose builds differ by gigabytes.
    """
    same_torch = recipe.packages.get("torch") == here.packages.get("torch")
    if not same_torch or not recipe.packages.keys() <= here.packages.keys():
        return SPARE_BYTES
    size = size_bytes(Path(here.prefix))
    return int(MARGIN * size) if size else SPARE_BYTES


def size_bytes(path: Path) -> int:
    """Return the disk space that the files below a folder take; 0 if there are none."""
    sizes = (file.lstat().st_blocks * 512 for file in path.rglob("*") if not file.is_dir())
    return sum(sizes)


def find_python(version: str, here: Stack) -> Path:
    """Find an interpreter of this version's major and minor number, if possible that of ``here``. Raises BadInput."""
    minor = ".".join(version.split(".")[:2])
    if here.python_version.startswith(f"{minor}."):
        return Path(here.python)
    python = shutil.which(f"python{minor}")
    if python is None or not _runs(Path(python)):  # pyenv's shims are there for versions that are not
        raise BadInput(f"it has Python {minor}, which is not installed here")
    return Path(python)


def _starts(target: Path) -> bool:
    """Tell whether the environment's interpreter starts: the Python that it was made with may have been removed."""
    return _runs(target / "bin" / "python")


def _runs(python: Path) -> bool:
    command = [str(python), "-c", "pass"]
    try:
        return helper.run(command, without_secrets(os.environ), START_DEADLINE_S).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _line(pin: str, hashes: list[str]) -> str:
    return " ".join([pin, *(f"--hash={value}" for value in hashes)])


def _why_not(pins: Mapping[str, Any], quote: str) -> str:
    """Return why pip could not install these, the package first where pip names one of them."""
    named = sorted((pin for pin in pins if pin in quote), key=len)
    if not named:
        return f"pip cannot install it: {quote}"
    pin = named[-1]
    local = Version(pin.partition("==")[2]).local
    hint = f"; builds such as +{local} are on an index of their own, which PIP_EXTRA_INDEX_URL names" if local else ""
    return f"no wheel of {pin} can be had for this Python and machine{hint}; pip: {quote}"
