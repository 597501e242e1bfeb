"""Wheels of a few lines, and a folder of them as the only place that pip knows."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest


def wheel(folder: Path, name: str, version: str, *needs: str, tag: str = "py3-none-any") -> Path:
    path = folder / f"{name}-{version}-{tag}.whl"
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")
        archive.writestr(
            f"{about}/WHEEL", f"Wheel-Version: 1.0\nGenerator: cheese\nRoot-Is-Purelib: true\nTag: {tag}\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def only_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the folder, and let pip know nothing else."""
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder
