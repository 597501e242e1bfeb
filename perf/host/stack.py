"""A stack: a virtual environment with exact versions, known to the suite by the path of its interpreter."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from perf.errors import BadInput, BadRecord
from perf.host import helper
from perf.host.withheld import without_secrets
from perf.records.strict_json import parse
from perf.records.typed_json import convert
from perf.spec import ladder

ROOT = Path(__file__).resolve().parents[2]
INSPECTION_DEADLINE_S = 60
INSTALLERS = {"pip", "wheel"}  # packages of an environment that no worker imports
HEADLINERS = (
    *("torch", "intel-extension-for-pytorch", "openvino", "optimum-intel", "openvino-genai", "onnxruntime"),
    *("diffusers", "transformers"),
)

# Runs in the stack's interpreter, with the standard library alone. A folder without a name or a version is what a
# killed pip has left, and so is one that begins with "~"; of two in different places, the first is imported.
INSPECTION = """
import importlib.metadata, json, pathlib, platform, re, sys, sysconfig
versions, backends = {}, {}
for distribution in importlib.metadata.distributions():
    folder = pathlib.Path(str(distribution.locate_file("")))
    metadata = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    name, version = (re.search(rf"^{field}: *(.+?) *$", metadata, re.M) for field in ("Name", "Version"))
    if name and version and not getattr(distribution, "_path", folder).name.startswith("~"):
        of_package = versions.setdefault(re.sub("[-_.]+", "-", name[1]).lower(), {})
        of_package.setdefault(str(folder), []).append(version[1])
        if "sd_xeon_perf.backends" in (distribution.read_text("entry_points.txt") or ""):
            for entry in distribution.entry_points.select(group="sd_xeon_perf.backends"):
                backends.setdefault(entry.name, f"{name[1]} {version[1]}")
first = {name: next(iter(of_package.values())) for name, of_package in versions.items()}
print(json.dumps({
    "python_version": platform.python_version(),
    "prefix": sys.prefix,
    "has_headers": pathlib.Path(sysconfig.get_path("include"), "Python.h").exists(),
    "packages": {name: found[0] for name, found in first.items()},
    "backends": backends,
    "doubled": {name: sorted(set(found)) for name, found in first.items() if len(set(found)) > 1},
}))
"""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """An installed stack. ``has_headers`` tells whether C extensions can be compiled for its Python.

    ``backends`` are those that its packages bring: each with the package's name and version.
    """

    name: str
    python: str
    python_version: str
    prefix: str
    has_headers: bool
    packages: Mapping[str, str]
    backends: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        brought = sorted(set(self.backends.values()))
        return ", ".join([f"stack {self.name}: {headline(self.python_version, self.packages)}", *brought])

    def to_json(self) -> dict[str, Any]:
        """Return all fields in JSON types, the packages in order."""
        return asdict(self) | {"packages": dict(sorted(self.packages.items()))}

    @property
    def recipe(self) -> dict[str, Any]:
        """All that is needed to make the stack again, in JSON types; no path of this machine."""
        whole = self.to_json()
        return {name: whole[name] for name in ("name", "python_version", "packages")}


def headline(python_version: str, packages: Mapping[str, str]) -> str:
    """Return the versions that a stack is known by: of Python, and of the packages that decide on its speed."""
    shown = [f"{package} {packages[package]}" for package in HEADLINERS if package in packages]
    return ", ".join([f"Python {python_version}", *shown])


def package_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """List changes such as ``torch 2.13.0 -> 2.14.0``: first packages that changed, then those that came or went."""
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - INSTALLERS
    in_both = names & before.keys() & after.keys()
    ordered = [*sorted(in_both), *sorted(names - in_both)]
    return [f"{name} {before.get(name, 'none')} -> {after.get(name, 'none')}" for name in ordered]


def default_python(name: str) -> Path:
    """Return the path at which tox puts the interpreter of that stack."""
    work_dir = os.environ.get("TOX_WORK_DIR") or ROOT / ".tox"
    return Path(work_dir) / f"stack-{name}" / "bin" / "python"


def how_to_make(name: str) -> str:
    """Return what makes a stack: tox where it is the suite's own; where it is not, who has it names its interpreter."""
    if name in ladder.stacks():
        return f"tox run --notest -e stack-{name}"
    return f"name its interpreter: --stack {name}=PYTHON, or stacks.{name} in the settings file"


def how_to_remake(name: str, python: str | Path) -> str:
    """Return what makes a stack anew that lacks something, or has too much of it."""
    if name in ladder.stacks():
        return f"tox run --recreate --notest -e stack-{name}"
    return f"make the environment of {python} anew"


def inspect_python(name: str, python: Path) -> Stack:
    """Ask the interpreter what it is and what it has.

    Raises BadInput if it is not a working Python, or has two versions of a package in the same place.
    """
    try:
        ended = helper.run([python, "-c", INSPECTION], without_secrets(os.environ), INSPECTION_DEADLINE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadInput(f"stack {name}: {python} is not a working Python interpreter: {error}") from error
    if ended.returncode:
        reason = (ended.stderr.strip() or f"exit code {ended.returncode}").splitlines()[-1]
        raise BadInput(f"stack {name}: {python} is not a working Python interpreter: {reason}")
    return _stack(name, python, ended.stdout)


def _stack(name: str, python: Path, output: str) -> Stack:
    """Return the stack that the inspection has printed. Raises BadInput."""
    try:
        data = parse(output.splitlines()[-1])  # a package may print something when the interpreter starts
        doubled = data.pop("doubled", {})
        stack = convert(data | {"name": name, "python": str(python)}, Stack)
    except (ValueError, LookupError, AttributeError, TypeError, BadRecord) as error:
        raise BadInput(f"stack {name}: {python} does not say what it has, as Python would: {error}") from error
    for package, versions in doubled.items():
        raise BadInput(
            f"stack {name}: {Path(stack.prefix)} has {package} {' and '.join(versions)}, of which only one is "
            f"installed; make it anew: {how_to_remake(name, python)}"
        )
    return stack
