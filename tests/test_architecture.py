"""Data flows one way: the map in perf/__init__.py is what the imports really are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import perf

PACKAGE = Path(perf.__file__).parent
HEAVY = {"torch", "diffusers", "transformers", "openvino", "optimum", "intel_extension_for_pytorch", "safetensors"}
CHILD = {
    "wire",
    "conditions",
    "parts",
    "turns",
    "surroundings",
    "verbose",
    "peak",
    "flops",
    "pipelines",
    "checkpoint",
    "worker",
    "probe",
}


def modules() -> dict[str, list[Path]]:
    """Top-level module or subpackage -> its files; the folder of pins holds none."""
    found: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found.setdefault(name, []).append(path)
    del found["__init__"]
    return found


def the_map() -> list[str]:
    """Module names in the order of the docstring."""
    words = re.findall(r"^ +(\w+) ", perf.__doc__ or "", re.MULTILINE)
    return [word for word in words if word in modules()]


def imported(path: Path) -> set[str]:
    """Dotted names of all that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own_imports(path: Path) -> set[str]:
    dotted = (name.split(".") for name in imported(path))
    return {parts[1] for parts in dotted if parts[0] == "perf" and len(parts) > 1}


def test_the_map_lists_every_module_once() -> None:
    assert sorted(the_map()) == sorted(modules())


@pytest.mark.parametrize("name", modules())
def test_imports_point_upwards_in_the_map(name: str) -> None:
    above = set(the_map()[: the_map().index(name)]) | {name}
    for path in modules()[name]:
        assert own_imports(path) & modules().keys() <= above, path


@pytest.mark.parametrize("name", sorted(modules().keys() - CHILD))
def test_the_parent_imports_nothing_heavy(name: str) -> None:
    for path in modules()[name]:
        assert not {dotted.split(".")[0] for dotted in imported(path)} & HEAVY, path
        assert not own_imports(path) & CHILD, path


def test_importing_the_plugin_imports_neither_torch_nor_diffusers() -> None:
    code = f"import perf.plugin, sys; print(sorted({HEAVY!r} & sys.modules.keys()))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_only_plugin_settings_and_suite_know_pytest() -> None:
    knowing = {name for name, paths in modules().items() if any("pytest" in imported(path) for path in paths)}
    assert knowing == {"plugin", "settings", "suite"}
