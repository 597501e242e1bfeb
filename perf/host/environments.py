"""Environments that are made when they are asked for: a stack with some packages replaced.

They are kept in the cache by the digest of their Python and every version in them.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from perf.errors import BadInput, PipFailed
from perf.host import helper
from perf.host.cache import cache_dir, forget_unused, make_once
from perf.host.installer import pip
from perf.host.releases import check_exist
from perf.host.requirements import Requested, name_of, read_requirements
from perf.host.stack import INSTALLERS, ROOT, Stack
from perf.host.withheld import without_secrets

PINS = ROOT / "perf" / "stacks"
SPARE_BYTES = 8 * 1000**3  # a torch with CUDA, which is what some releases of it are


@dataclass(frozen=True)
class Candidate:
    """An environment made for a comparison, and what differs in it from the stack in use, asked for or not."""

    python: Path
    changes: tuple[str, ...]


def upgrade(stack: Stack, requested: Requested) -> Candidate:
    """Make ``stack`` again with these requirements in it, and with what else has to change for them.

    pip keeps what is installed where it can, as it would in the stack itself. A package that is asked for by its name
    alone is taken in its newest release. The stack in use is left alone. Raises BadInput.
    """
    requirements = requested.requirements
    changes = _resolve(stack, [*_other_pins(stack, requirements), *requirements], requested.hashes)
    installed = {name: f"{name}=={version}" for name, version in stack.packages.items() if name not in INSTALLERS}
    python = make(Path(stack.python), stack.python_version, (installed | changes).values())
    differences = [
        f"{installed.get(name, f'no {name}')} -> {requirement}"
        for name, requirement in changes.items()
        if installed.get(name) != requirement
    ]
    return Candidate(python, tuple(differences))


def make(python: Path, python_version: str, exact: Iterable[str]) -> Path:
    """Make the environment that has these exact requirements and no others, unless the cache has it.

    Args:
        python: the interpreter that the environment is made with.
        python_version: its version, a part of the environment's identity.
        exact: requirements that leave no choice, of all packages: nothing is installed for their own sake.

    Returns:
        The environment's interpreter.

    Raises:
        BadInput: the environment cannot be made; with the nearest releases, if one does not exist.
    """
    lines = sorted(exact)
    digest = hashlib.sha256("\n".join([python_version, *lines]).encode()).hexdigest()[:16]
    target = cache_dir() / "environments" / digest

    def make_in(folder: Path) -> None:
        make_venv(python, folder)
        _install(folder / "bin" / "python", lines, folder / "requirements.txt", "--no-deps")

    made = make_once(target, make_in, SPARE_BYTES)
    forget_unused(target.parent)  # not before: what is asked for now is used again
    return made / "bin" / "python"


def _other_pins(stack: Stack, requirements: Iterable[str]) -> list[str]:
    """List what the stack itself asks for, without the packages that are now asked for otherwise."""
    replaced = set(map(name_of, requirements))
    pins = read_requirements(PINS / f"{stack.name}.in").requirements
    return [pin for pin in pins if name_of(pin) not in replaced]


def make_venv(python: Path, folder: Path) -> None:
    """Make a virtual environment that is empty. Raises BadInput."""
    command = [str(python), "-m", "venv", "--without-pip", str(folder)]
    try:
        ended = helper.run(command, without_secrets(os.environ))
    except OSError as error:
        raise BadInput(f"{python} cannot make a virtual environment: {error}") from error
    if ended.returncode:
        reason = (ended.stderr.strip() or f"exit code {ended.returncode}").splitlines()[-1]
        raise BadInput(f"{python} cannot make a virtual environment: {reason}")


def _resolve(stack: Stack, requirements: Sequence[str], hashes: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Ask pip what it would install into the stack: name -> exact requirement.

    Raises BadInput, also where a file that pip would take has none of the ``hashes`` that are asked for of its package.
    """
    newest = ("--upgrade", "--upgrade-strategy", "only-if-needed")
    with tempfile.TemporaryDirectory(prefix="sd-xeon-perf-", ignore_cleanup_errors=True) as folder:
        listing, report = Path(folder, "requirements.txt"), Path(folder, "report.json")
        _install(Path(stack.python), requirements, listing, "--dry-run", *newest, "--report", str(report))
        entries = json.loads(report.read_text(encoding="utf-8"))["install"]
    by_name: dict[str, Any] = {canonicalize_name(entry["metadata"]["name"]): entry for entry in entries}
    for name, wanted in hashes.items():
        if name in by_name and f"sha256:{_sha256(by_name[name])}" not in wanted:
            raise BadInput(f"{name}: the file that pip would take has none of the hashes that are asked for")
    return {name: _exact(entry) for name, entry in by_name.items()}


def _install(python: Path, requirements: Sequence[str], listing: Path, *options: str) -> None:
    """Have pip install the requirements, written to ``listing``. Raises BadInput."""
    listing.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    try:
        pip(python, "install", *options, "--requirement", str(listing))
    except PipFailed:
        check_exist(requirements, python)  # the index knows which are the nearest; what pip prints is for people
        raise


def _exact(entry: Mapping[str, Any]) -> str:
    """Return an entry of pip's report as a requirement: by version, or by URL and content for a file that was named.

    Raises BadInput for a folder or a repository, whose content no requirement can name.
    """
    name, version = entry["metadata"]["name"], entry["metadata"]["version"]
    if not entry["is_direct"]:
        return f"{canonicalize_name(name)}=={version}"
    if not (sha256 := _sha256(entry)):
        raise BadInput(
            f"{name}: only releases and wheels can be compared, not a folder or a repository; make a wheel of it: "
            f"pip wheel --no-deps {entry['download_info']['url']}"
        )
    return f"{name} @ {entry['download_info']['url']}#sha256={sha256}"


def _sha256(entry: Mapping[str, Any]) -> str | None:
    """Return the hash of an archive in pip's report; folders and repositories have none.

    Older indexes give the archive's ``hash`` alone (https://packaging.python.org/en/latest/specifications/direct-url/).
    """
    archive = entry["download_info"].get("archive_info", {})
    known = archive.get("hashes", {}).get("sha256") or archive.get("hash", "").removeprefix("sha256=")
    return known or None
