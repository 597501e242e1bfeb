"""Environments that are made when they are asked for: a stack with some packages replaced, or one that was.

They are kept in the cache by the digest of their Python and every version in them. pip makes them, as tox makes the
stacks, so that the user's own configuration (indexes, proxies, folders of wheels) is in force.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from perf.errors import BadInput
from perf.host.cache import cache_dir, forget_unused, make_once
from perf.host.stack import INSTALLERS, ROOT, Stack

PINS = ROOT / "perf" / "stacks"
SPARE_BYTES = 8 * 1000**3  # a torch with CUDA, which is what some releases of it are
NEAREST_SHOWN = 3
COMMENT = re.compile(r"(^|\s)#.*")  # not the fragment of a URL


@dataclass(frozen=True)
class Candidate:
    """An environment made for a comparison, and what differs in it from the stack in use, asked for or not."""

    python: Path
    changes: tuple[str, ...]


def requirements(texts: Iterable[str]) -> list[str]:
    """What ``UPGRADE`` names, one requirement each: as such, as a requirements file, or as a wheel's path."""
    found = []
    for text in texts:
        path = Path(text).expanduser()
        if path.suffix == ".txt":
            found += _read_requirements(path)
        elif path.suffix == ".whl":
            found.append(_wheel(path))
        else:
            found.append(_named(text))
    return found


def upgraded(stack: Stack, asked: Sequence[str]) -> Candidate:
    """``stack`` with the packages replaced that are asked for, and of the others what has to be. Raises BadInput.

    pip keeps what is installed where it can, which is what it would do to the stack itself. A package that is asked for
    by its name alone is taken in its newest release.
    """
    named = set(map(name_of, asked))
    direct = [line for line in _read_requirements(PINS / f"{stack.name}.in") if name_of(line) not in named]
    changes = _resolve(stack, [*direct, *asked])
    before = {name: f"{name}=={version}" for name, version in stack.packages.items() if name not in INSTALLERS}
    said = [f"{before.get(name, f'no {name}')} -> {text}" for name, text in changes.items() if before.get(name) != text]
    return Candidate(made(Path(stack.python), stack.python_version, (before | changes).values()), tuple(said))


def rebuilt(python: Path, python_version: str, packages: Mapping[str, str]) -> Path:
    """The interpreter of an environment with exactly these packages, made by ``python``. Raises BadInput."""
    wanted = [f"{name}=={version}" for name, version in packages.items() if name not in INSTALLERS]
    return made(python, python_version, wanted)


def made(python: Path, python_version: str, exact: Iterable[str]) -> Path:
    """The interpreter of the environment that has these exact requirements and no others."""
    lines = sorted(exact)
    digest = hashlib.sha256("\n".join([python_version, *lines]).encode()).hexdigest()[:16]
    target = cache_dir() / "environments" / digest
    forget_unused(target.parent)

    def make(folder: Path) -> None:
        _make_venv(python, folder)
        (folder / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        _pip(folder / "bin" / "python", "install", "--no-deps", "--requirement", str(folder / "requirements.txt"))

    return make_once(target, make, SPARE_BYTES) / "bin" / "python"


def _make_venv(python: Path, folder: Path) -> None:
    try:
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
        raise BadInput(f"{python} cannot make a virtual environment: {said}") from error


def releases(package: str) -> list[str]:
    """The versions of a package that this Python could install, oldest first. Raises BadInput."""
    said = _pip(Path(sys.executable), "index", "versions", "--json", package)
    versions: list[str] = json.loads(said[said.index("{") :])["versions"]
    return sorted(versions, key=Version)


def between(package: str, first: str, last: str) -> list[str]:
    """The releases from ``first`` to ``last``. Raises BadInput, and names the nearest for one that does not exist."""
    known = releases(package)
    for version in (first, last):
        check_release(package, version, known)
    low, high = Version(first), Version(last)
    if low >= high:
        raise BadInput(f"{package} {first}..{last}: the first release must be the older one")
    return [version for version in known if low <= Version(version) <= high]


def check_release(package: str, version: str, known: Sequence[str]) -> None:
    """Raises BadInput unless the release exists."""
    try:
        wanted = Version(version)
    except InvalidVersion:
        raise BadInput(f"{package}: {version!r} is not a version") from None
    if wanted not in {Version(Version(one).public) for one in known}:  # 2.13.0 is there as 2.13.0+cpu
        if not known:
            raise BadInput(f"there is no {package} to be had for this Python and machine")
        ordered = sorted(known, key=Version)
        newer = bisect_left(ordered, wanted, key=Version)
        begin = max(0, min(newer - 1, len(ordered) - NEAREST_SHOWN))
        near = ordered[begin : begin + NEAREST_SHOWN]
        raise BadInput(f"there is no {package} {version}; nearest: {', '.join(near)}")


def _resolve(stack: Stack, wanted: Sequence[str]) -> dict[str, str]:
    """What pip would install into the stack for these requirements: name -> exact requirement. Raises BadInput."""
    with tempfile.TemporaryDirectory(prefix="sd-xeon-perf-") as folder:
        listed, report = Path(folder, "requirements.txt"), Path(folder, "report.json")
        listed.write_text("\n".join(wanted) + "\n", encoding="utf-8")
        newest = ("--upgrade", "--upgrade-strategy", "only-if-needed")
        _pip(Path(stack.python), "install", "--dry-run", *newest, "--report", str(report), "--requirement", str(listed))
        entries = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {canonicalize_name(entry["metadata"]["name"]): _exact(entry) for entry in entries}


def _exact(entry: Mapping[str, Any]) -> str:
    """One entry of pip's report as a requirement: by version, or by place and content for a file that was named."""
    name, version = entry["metadata"]["name"], entry["metadata"]["version"]
    if not entry["is_direct"]:
        return f"{canonicalize_name(name)}=={version}"
    place = entry["download_info"]
    return f"{name} @ {place['url']}#sha256={place['archive_info']['hashes']['sha256']}"


def _pip(python: Path, *arguments: str) -> str:
    """Run this environment's pip on that interpreter and return what it printed. Raises BadInput with what it said."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "--no-input", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BadInput(_errors(result.stdout + result.stderr) or f"pip failed: {result.stderr.strip()[-500:]}")
    return result.stdout


def _errors(printed: str) -> str:
    """The errors in what pip has printed, without its warnings; the nearest releases for one that is not there."""
    errors = [line.removeprefix("ERROR: ") for line in printed.splitlines() if line.startswith("ERROR: ")]
    for line in errors:
        if match := re.match(r"Could not find a version .* ([\w.-]+)==([^\s,;]+) \(from .*versions: (.*)\)", line):
            return _nearest(*match.groups())
    conflict = re.search(r"The conflict is caused by:\n((?:    .*\n)+)", printed)
    causes = [line.strip() for line in conflict[1].splitlines()] if conflict else errors
    return f"pip cannot install this: {'; '.join(causes)}" if causes else ""


def _nearest(package: str, version: str, listed: str) -> str:
    known = [one.strip() for one in listed.split(",") if re.match(r"\s*\d", one)]
    try:
        check_release(package, version, known)
    except BadInput as error:
        return str(error)
    return f"{package} {version} has no wheel for this Python and machine"


def _read_requirements(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInput(f"requirements file {path}: {error.strerror}") from None
    return [_named(text) for line in lines if (text := COMMENT.sub("", line).strip())]


def _wheel(path: Path) -> str:
    if not path.is_file():
        raise BadInput(f"wheel {path}: no such file")
    return f"{path.name.split('-')[0]} @ {path.absolute().as_uri()}"


def _named(text: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{text!r} is not a requirement such as openvino==2026.3.1: {reason}") from None
    return text


def is_newest(text: str) -> bool:
    """Whether a requirement asks for whatever is newest."""
    wanted = Requirement(text)
    return not wanted.specifier and not wanted.url


def name_of(text: str) -> str:
    """The package that a requirement is of."""
    return canonicalize_name(Requirement(text).name)
