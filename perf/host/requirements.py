"""Requirements as a user gives them: one by one, in a requirements file, or as the path of a wheel.

Files are read as people have them: with comments, continued lines, hashes, other files (``-r``), a byte order mark, in
UTF-16. What pip's options in them would do is left to pip's own configuration, which holds for every stack.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from perf.errors import BadInput
from perf.host.regular_file import read_bytes

COMMENT = re.compile(r"(^|\s)#.*")  # not the fragment of a URL
CONTINUED = re.compile(r"\\\r?\n")
HASH = re.compile(r"\s--hash[= ](sha256:[0-9a-f]{64})(?=\s|$)")
NESTED = re.compile(r"(?:-r|--requirement)[ =]\s*(\S.*)")
MAX_BYTES = 1024**2
MAX_FILES = 20
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Requested:
    """What is asked for: requirements, and for some packages the hashes (``sha256:...``) that one of them must have."""

    requirements: Sequence[str]
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def parse_requirements(texts: Iterable[str]) -> Requested:
    """Return the requirements in what ``UPGRADE`` names: requirements, files (.txt) and wheels (.whl).

    Raises BadInput for a file that cannot be read, and for text that is not a requirement.
    """
    requirements: list[str] = []
    hashes: dict[str, frozenset[str]] = {}
    for text in texts:
        path = Path(text).expanduser()
        if path.suffix == ".txt":
            listed = read_requirements(path)
            requirements += listed.requirements
            hashes |= listed.hashes
        elif path.suffix == ".whl":
            requirements.append(_wheel(path))
        else:
            requirements.append(_checked(text, text))
    return Requested(requirements, hashes)


def read_requirements(path: Path) -> Requested:
    """Return the requirements in a file and in those that it names. Raises BadInput, which names file and line."""
    requirements: list[str] = []
    hashes: dict[str, frozenset[str]] = {}
    for place, line in _lines(path, MAX_FILES):
        if line.startswith("-"):
            raise BadInput(f"{place}: {line.split()[0]} is an option of pip: put it into pip's own configuration")
        requirement = _checked(HASH.sub("", line).strip(), place)
        requirements.append(requirement)
        if known := HASH.findall(line):
            hashes[name_of(requirement)] = frozenset(known)
    return Requested(requirements, hashes)


def _lines(path: Path, files: int) -> Iterator[tuple[str, str]]:
    """Yield each line that says something, and where it is; those of a nested file in its place. Raises BadInput."""
    if not files:
        raise BadInput(f"requirements file {path}: more than {MAX_FILES} files name each other")
    for line in CONTINUED.sub(" ", _text(path)).splitlines():
        stripped = COMMENT.sub("", line).strip()
        if nested := NESTED.fullmatch(stripped):
            yield from _lines(path.parent / nested[1].strip(), files - 1)
        elif stripped:
            yield f"requirements file {path}", stripped


def _text(path: Path) -> str:
    try:
        content = read_bytes(path, MAX_BYTES)
        encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
        return content.decode(encoding)
    except OSError as error:
        raise BadInput(f"requirements file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"requirements file {path}: is neither UTF-8 nor UTF-16") from None


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


def _checked(text: str, place: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        where = "" if place == text else f"{place}: "
        raise BadInput(f"{where}{text!r} is not a requirement such as openvino==2026.3.1: {reason}") from None
    return text
