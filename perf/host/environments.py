"""Environments that are made when they are asked for: a stack with some packages replaced.

They are kept in the cache by the digest of their Python and every version in them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from perf.errors import BadInput, PipFailed
from perf.host.cache import cache_dir, forget_unused, make_once
from perf.host.installer import pip
from perf.host.releases import check_exist
from perf.host.requirements import name_of, read_requirements
from perf.host.stack import INSTALLERS, ROOT, Stack

PINS = ROOT / "perf" / "stacks"
SPARE_BYTES = 8 * 1000**3  # a torch with CUDA, which is what some releases of it are


@dataclass(frozen=True)
class Candidate:
    """An environment made for a comparison, and what differs in it from the stack in use, asked for or not."""

    python: Path
    changes: tuple[str, ...]


def upgrade(stack: Stack, requirements: Sequence[str]) -> Candidate:
    """Make ``stack`` again with these requirements in it, and with what else has to change for them.

    pip keeps what is installed where it can, as it would in the stack itself. A package that is asked for by its name
    alone is taken in its newest release. The stack in use is left alone. Raises BadInput.
    """
    changes = _resolve(stack, [*_other_pins(stack, requirements), *requirements])
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
    return [pin for pin in read_requirements(PINS / f"{stack.name}.in") if name_of(pin) not in replaced]


def make_venv(python: Path, folder: Path) -> None:
    """Make a virtual environment that is empty. Raises BadInput."""
    command = [str(python), "-m", "venv", "--without-pip", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except OSError as error:
        raise BadInput(f"{python} cannot make a virtual environment: {error}") from error
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip() or str(error)).splitlines()[-1]
        raise BadInput(f"{python} cannot make a virtual environment: {reason}") from error


def _resolve(stack: Stack, requirements: Sequence[str]) -> dict[str, str]:
    """Ask pip what it would install into the stack: name -> exact requirement. Raises BadInput."""
    newest = ("--upgrade", "--upgrade-strategy", "only-if-needed")
    with tempfile.TemporaryDirectory(prefix="sd-xeon-perf-") as folder:
        listing, report = Path(folder, "requirements.txt"), Path(folder, "report.json")
        _install(Path(stack.python), requirements, listing, "--dry-run", *newest, "--report", str(report))
        entries = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {canonicalize_name(entry["metadata"]["name"]): _exact(entry) for entry in entries}


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
    download = entry["download_info"]
    if "archive_info" not in download:
        raise BadInput(f"{name}: only releases and wheels can be compared, not a folder or a repository")
    return f"{name} @ {download['url']}#sha256={download['archive_info']['hashes']['sha256']}"
