"""The releases of a package that an interpreter could install, as pip's index lists them."""

from __future__ import annotations

import json
import sys
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from perf.errors import BadInput, PipFailed
from perf.host.installer import pip
from perf.host.requirements import exact_version, name_of

THIS_PYTHON = Path(sys.executable)
NEAREST_SHOWN = 3


def releases(package: str, python: Path = THIS_PYTHON, *, prereleases: bool = False) -> list[str]:
    """Return the versions of a package that ``python`` could install, oldest first. Raises BadInput for none."""
    options = ("--json", "--pre") if prereleases else ("--json",)
    try:
        output = pip(python, "index", "versions", *options, package)
    except PipFailed as error:
        # pip has the same exit code for a package without releases and an index out of reach: its words tell which.
        raise BadInput(
            f"no release of {package} is available for this Python and machine; pip: {error.quote}"
        ) from None
    listing = json.loads(output.splitlines()[-1])  # after the lines that name the user's own indexes
    return sorted(listing["versions"], key=Version)


def between(package: str, first: str, last: str, python: Path = THIS_PYTHON) -> list[str]:
    """Return the releases from ``first`` to ``last`` that ``python`` could install, both included, oldest first.

    Raises BadInput if they are in the wrong order, and with the nearest releases if one does not exist.
    """
    known = releases(package, python)
    for version in (first, last):
        check_release(package, version, known)
    low, high = Version(first), Version(last)
    if low >= high:
        raise BadInput(f"{package} {first}..{last}: the first release must be the older one")
    return [version for version in known if low <= Version(version) <= high]


def check_exist(requirements: Iterable[str], python: Path) -> None:
    """Ask for each exact requirement whether ``python`` could install that release.

    Raises BadInput for the first that does not exist, with the nearest. Each takes pip a second or more.
    """
    for requirement in requirements:
        version = exact_version(requirement)
        if version is not None:
            package = name_of(requirement)
            known = releases(package, python, prereleases=Version(version).is_prerelease)
            check_release(package, version, known)


def check_release(package: str, version: str, known: Sequence[str]) -> None:
    """Raise BadInput, with the nearest releases, unless ``version`` is among the ``known`` ones.

    As in a requirement, 2.13.0 may be a local build such as 2.13.0+cpu.
    """
    try:
        Version(version)
    except InvalidVersion:
        raise BadInput(f"{package}: {version!r} is not a version") from None
    if not list(SpecifierSet(f"=={version}").filter(known, prereleases=True)):
        raise BadInput(f"there is no {package} {version}; nearest: {', '.join(nearest(version, known))}")


def nearest(version: str, known: Sequence[str]) -> list[str]:
    """Return the ``known`` releases around a version that is not among them, oldest first."""
    ordered = sorted(known, key=Version)
    newer = bisect_left(ordered, Version(version), key=Version)
    begin = max(0, min(newer - 1, len(ordered) - NEAREST_SHOWN))
    return ordered[begin : begin + NEAREST_SHOWN]
