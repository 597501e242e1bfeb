"""Codenames from recorded /proc/cpuinfo texts; the expected answer is in the file's name.

genoa.known.recorded-vm is a recording, and so is the platinum-8272cl of a cloud; the r7iz is put together from what
cpuid printed there. The others are put together from published model numbers and flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cpuinfo.cpuinfo
import pytest

from perf.host import linux
from perf.host.cpu import identify
from perf.host.cpu_info import read_cpu
from tests.builders.runs import DATA

MACHINES = sorted((DATA / "machines").glob("*.txt"))


def read(path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """The recorded text as that of the machine that the suite runs on."""
    monkeypatch.setattr(cpuinfo.cpuinfo.DataSource, "has_proc_cpuinfo", staticmethod(lambda: True))
    monkeypatch.setattr(cpuinfo.cpuinfo.DataSource, "cat_proc_cpuinfo", staticmethod(lambda: (0, path.read_text())))
    return read_cpu()


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_recorded_machines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, how, _ = path.stem.split(".")
    info = read(path, monkeypatch)
    numbers = (info["vendor_id_raw"], info["family"], info["model"], info["stepping"])
    codename = identify(*numbers, frozenset(info["flags"]))
    generation = name.partition("-without-")[0]  # what a cloud has switched off
    assert (codename.name, codename.known) == (generation, how == "known"), codename.reason
    assert codename.key == (name if how == "known" else f"{name}-like")


def test_a_masked_model_number_is_not_believed() -> None:
    codename = identify("GenuineIntel", 6, 167, 1, {"avx512_fp16", "amx_tile", "amx_bf16", "amx_int8", "avx512_vnni"})
    assert "says rocket-lake, which its flags contradict" in str(codename)


def test_a_set_that_a_model_lacks_contradicts_its_number() -> None:
    codename = identify("GenuineIntel", 6, 85, 4, {"avx512f", "avx512_vnni"})
    assert codename.key == "cascade-lake-like"
    assert "says skylake-sp, which its flags contradict" in codename.reason


def test_what_is_switched_off_is_said() -> None:
    codename = identify("GenuineIntel", 6, 143, 8, {"avx512_vnni", "avx512_bf16"})
    assert str(codename) == (
        "sapphire-rapids-without-amx (known from family 6, model 143, stepping 8, "
        "without amx_bf16, amx_int8, amx_tile, avx512_fp16)"
    )


def test_a_newer_cpu_is_named_by_its_numbers() -> None:
    codename = identify("GenuineIntel", 7, 9, 1, frozenset())
    assert codename.key == "genuineintel-7-9-like"
    assert "is not known" in codename.reason


def test_microcode_is_read_from_a_recorded_machine(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text((DATA / "machines" / "ice-lake-sp.known.platinum-8375.txt").read_text())
    assert linux.microcode(tmp_path) == "0xd0003e7"
