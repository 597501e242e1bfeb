"""Requirements as a user gives them: one by one, in a requirements file, or as the path of a wheel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from perf.errors import BadInput

COMMENT = re.compile(r"(^|\s)#.*")  # not the fragment of a URL


def parse_requirements(texts: Iterable[str]) -> list[str]:
    """Return the requirements in what ``UPGRADE`` names: requirements, files (.txt) and wheels (.whl).

    Raises BadInput for a file that cannot be read, and for text that is not a requirement.
    """
    requirements = []
    for text in texts:
        path = Path(text).expanduser()
        if path.suffix == ".txt":
            requirements += read_requirements(path)
        elif path.suffix == ".whl":
            requirements.append(_wheel(path))
        else:
            requirements.append(_checked(text))
    return requirements


def read_requirements(path: Path) -> list[str]:
    """Return the requirements in a file, without its comments. Raises BadInput."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInput(f"requirements file {path}: {error.strerror}") from None
    texts = (COMMENT.sub("", line).strip() for line in lines)
    return [_checked(text) for text in texts if text]


def name_of(requirement: str) -> str:
    """Return the normalised name of the package that a requirement is about."""
    return canonicalize_name(Requirement(requirement).name)


def is_newest(requirement: str) -> bool:
    """Tell whether a requirement asks for whatever release is the newest."""
    parsed = Requirement(requirement)
    return not parsed.specifier and not parsed.url


def exact_version(requirement: str) -> str | None:
    """Return the 2026.3.1 of ``openvino==2026.3.1``; None where the requirement leaves a choice or names a file."""
    specifiers = list(Requirement(requirement).specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==":
        return None
    version = specifiers[0].version
    return None if version.endswith(".*") else version


def _wheel(path: Path) -> str:
    if not path.is_file():
        raise BadInput(f"wheel {path}: no such file")
    return f"{path.name.split('-')[0]} @ {path.absolute().as_uri()}"


def _checked(text: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{text!r} is not a requirement such as openvino==2026.3.1: {reason}") from None
    return text
