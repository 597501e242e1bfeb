"""Stacks as killed upgrades leave them: what is recorded is what Python imports, or why it cannot be told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.host.environments import make_venv
from perf.host.stack import Stack, inspect_python


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stack") / "venv"
    make_venv(Path(sys.executable), folder)
    return folder


@pytest.fixture
def site(venv: Path) -> Path:
    """Return the empty folder of the environment's packages."""
    (folder,) = venv.glob("lib/python3*/site-packages")
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return folder


def add(site: Path, folder: str, metadata: str | None) -> None:
    (site / folder).mkdir()
    (site / folder / "REQUESTED").touch()
    if metadata is not None:
        (site / folder / "METADATA").write_text(f"Metadata-Version: 2.1\n{metadata}")


def inspect(venv: Path) -> Stack:
    return inspect_python("current", venv / "bin" / "python")


def test_packages_are_known_by_their_normalised_names(venv: Path, site: Path) -> None:
    add(site, "Intel_OpenMP-2025.0.dist-info", "Name: Intel_OpenMP\nVersion: 2025.0\n")
    assert inspect(venv).packages == {"intel-openmp": "2025.0"}


@pytest.mark.parametrize("metadata", [None, "", "Name: torch\n"], ids=["none", "empty", "no version"])
def test_a_folder_that_names_no_release_is_none(venv: Path, site: Path, metadata: str | None) -> None:
    add(site, "torch-1.12.1+cu116.dist-info", metadata)
    add(site, "torch-1.13.1+cu116.dist-info", "Name: torch\nVersion: 1.13.1+cu116\n")
    assert inspect(venv).packages == {"torch": "1.13.1+cu116"}


def test_what_pip_has_put_aside_is_not_installed(venv: Path, site: Path) -> None:
    add(site, "~orch-2.1.0.dist-info", "Name: torch\nVersion: 2.1.0\n")
    add(site, "torch-2.8.0.dist-info", "Name: torch\nVersion: 2.8.0\n")
    assert inspect(venv).packages == {"torch": "2.8.0"}


def test_two_releases_in_one_place_are_refused(venv: Path, site: Path) -> None:
    for version in ("2.1.0", "2.8.0"):
        add(site, f"torch-{version}.dist-info", f"Name: torch\nVersion: {version}\n")
    with pytest.raises(BadInput) as caught:
        inspect(venv)
    assert "has torch 2.1.0 and 2.8.0, of which only one is installed" in str(caught.value)
    assert "tox run --recreate --notest -e stack-current" in str(caught.value)


def test_a_package_that_prints_when_python_starts_hides_nothing(venv: Path, site: Path) -> None:
    (site / "cheese.pth").write_text("import sys; print('cheese')\n")
    assert inspect(venv).packages == {}


def test_why_an_interpreter_does_not_work_is_said(venv: Path, site: Path, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'libpython3.11.so: cannot open shared object file' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(BadInput, match=r"not a working Python interpreter: libpython3\.11\.so: cannot open"):
        inspect_python("current", broken)
    broken.write_text("#!/bin/sh\necho cheese\n")
    with pytest.raises(BadInput, match="does not say what it has"):
        inspect_python("current", broken)


def test_the_backends_that_packages_bring_are_known_and_no_part_of_the_recipe(venv: Path, site: Path) -> None:
    """A baseline of before they were asked for stays what it was."""
    add(site, "cheese_shop-1.0.dist-info", "Name: cheese-shop\nVersion: 1.0\n")
    entries = "[console_scripts]\nx = y:z\n\n[sd_xeon_perf.backends]\nsilly = cheese_shop\n"
    (site / "cheese_shop-1.0.dist-info" / "entry_points.txt").write_text(entries)
    add(site, "torn-1.0.dist-info", "Name: torn\nVersion: 1.0\n")
    (site / "torn-1.0.dist-info" / "entry_points.txt").write_text("[console_scripts]\nno value\n")
    stack = inspect(venv)
    assert stack.backends == {"silly": "cheese-shop 1.0"}
    assert stack.recipe.keys() == {"name", "python_version", "packages"}
    assert str(stack).endswith(", cheese-shop 1.0")
