"""Data flows one way: the folders of perf/ import downwards only, and torch stays in the worker."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import perf
import perf.plugin
from perf.host.stack import ROOT
from perf.host.worker_code import worker_files

PACKAGE = Path(perf.__file__).parent

# Each imports only itself and those before it.
ORDER = (
    "errors",
    "exit_codes",
    "spec",
    "records",
    "host",
    "worker",
    "stats",
    "measure",
    "proof",
    "compare",
    "gate",
    "history",
    "report",
    "github",
    "lab",
    "plugin",
    "suite",
    "cli",
    "__main__",
)
CHILD = "worker"
PARENTS = tuple(name for name in ORDER if name != CHILD)
HEAVY = {"torch", "diffusers", "transformers", "openvino", "optimum", "intel_extension_for_pytorch", "safetensors"}
KNOW_PYTEST = {
    "measure/options",
    "measure/pedantic",
    "measure/recording",
    "measure/selection",
    "plugin/failures",
    "plugin/fixtures",
    "plugin/hooks",
    "plugin/outputs",
    "plugin/passing_on",
    "plugin/reporting",
    "plugin/state",
    "report/session_exit",
    "suite/test_ladder",
    "suite/test_pairs",
}


def modules(package: Path) -> dict[str, Path]:
    """Return ``stats/shift`` and the like -> the file."""
    paths = sorted(package.rglob("*.py"))
    return {str(path.relative_to(package).with_suffix("")): path for path in paths if path != package / "__init__.py"}


def imported(path: Path) -> set[str]:
    """Return the dotted names of all that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own_imports(path: Path) -> set[str]:
    """Return the first part below ``perf`` of each name that a file imports from it."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("perf.")}


def violations(package: Path) -> Iterator[str]:
    """Yield a sentence for each import that breaks a rule."""
    for name, path in modules(package).items():
        folder = name.partition("/")[0]
        allowed = set(ORDER[: ORDER.index(folder) + 1]) - ({CHILD} if folder != CHILD else set())
        for target in sorted(own_imports(path) & set(ORDER) - allowed):
            yield f"{name} imports perf.{target}, which is not above {folder}"
        for library in sorted({dotted.split(".")[0] for dotted in imported(path)} & HEAVY):
            if folder != CHILD:
                yield f"{name} imports {library}, which is for {CHILD} alone"


def violations_planted(folder: Path, name: str, code: str) -> list[str]:
    """Return the violations in a package that is this code alone, in the module or folder of that name."""
    path = folder / name / "planted.py" if (PACKAGE / name).is_dir() else folder / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(code)
    return list(violations(folder))


def test_every_import_points_to_the_same_folder_or_an_earlier_one() -> None:
    assert not list(violations(PACKAGE))


@pytest.mark.parametrize("name", ORDER[:-1])
def test_a_planted_upward_import_is_found(tmp_path: Path, name: str) -> None:
    later = ORDER[ORDER.index(name) + 1]
    assert len(violations_planted(tmp_path, name, f"from perf.{later} import planted")) == 1


@pytest.mark.parametrize("library", sorted(HEAVY))
@pytest.mark.parametrize("name", PARENTS)
def test_a_planted_heavy_import_is_found_in_every_parent_folder(tmp_path: Path, name: str, library: str) -> None:
    late = f"def late() -> None:\n    import {library}.nn\n"
    assert len(violations_planted(tmp_path, name, late)) == 1


@pytest.mark.parametrize("name", PARENTS)
def test_a_planted_import_of_the_worker_is_found(tmp_path: Path, name: str) -> None:
    assert len(violations_planted(tmp_path, name, "from perf.worker.wire import Wire\n")) == 1


def test_the_map_names_every_folder_in_order() -> None:
    lines = re.findall(r"^    (\w+) ", perf.__doc__ or "", re.MULTILINE)
    assert lines == [name for name in ORDER if name != "__main__"]
    assert {name.partition("/")[0] for name in modules(PACKAGE)} == set(ORDER)


@pytest.mark.parametrize("folder", [name for name in ORDER if (PACKAGE / name).is_dir()])
def test_the_docstring_of_a_folder_lists_every_module_once(folder: str) -> None:
    path = PACKAGE / folder
    docstring = ast.get_docstring(ast.parse((path / "__init__.py").read_text())) or ""
    listed = re.findall(r"^    (\w+) ", docstring, re.MULTILINE)
    files = {file.stem for file in path.glob("*.py")}
    folders = {file.parent.name for file in path.glob("*/__init__.py")}
    assert sorted(listed) == sorted((files | folders) - {"__init__"})


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {}
    for name, path in modules(PACKAGE).items():
        module = "perf." + name.replace("/", ".")
        graph[module] = with_parents(imported(path)) - {module}
    graphlib.TopologicalSorter(graph).prepare()


def with_parents(names: set[str]) -> set[str]:
    """Add to ``perf.stats.shift.Prior`` what it is in, ``perf.stats.shift``, and so for each name."""
    return names | {name.rpartition(".")[0] for name in names}


def test_the_digest_of_the_workers_code_covers_all_of_ours_that_it_imports() -> None:
    covered = {path.relative_to(PACKAGE) for path in worker_files()}
    pending = [path for name, path in modules(PACKAGE).items() if name.startswith(f"{CHILD}/")]
    seen: set[Path] = set()
    while pending:
        path = pending.pop()
        seen.add(path.relative_to(PACKAGE))
        targets = (ROOT / (name.replace(".", "/") + ".py") for name in with_parents(imported(path)) if "perf." in name)
        pending += [target for target in targets if target.exists() and target.relative_to(PACKAGE) not in seen]
    assert seen <= covered


def test_importing_the_plugin_is_light() -> None:
    names = ", ".join(perf.plugin.pytest_plugins)
    code = f"import {names}, sys; print(sorted({HEAVY | {'matplotlib'}!r} & sys.modules.keys()))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_only_plugin_options_and_suite_know_pytest() -> None:
    knowing = {name for name, path in modules(PACKAGE).items() if "pytest" in imported(path)}
    assert knowing == KNOW_PYTEST


SHARED = (".builders.", ".faults.")  # the second is a campaign of its own, whose short form is a test


def test_tests_share_builders_and_import_no_other_tests() -> None:
    tests = [path for path in (ROOT / "tests").rglob("*.py") if "data" not in path.parts]
    shared = {path: {name for name in imported(path) if name.startswith("tests.")} for path in tests}
    assert not [
        f"{path} imports {name}"
        for path, names in shared.items()
        for name in names
        if not any(folder in f"{name}." for folder in SHARED)
    ]
