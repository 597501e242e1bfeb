"""Cores by socket from recorded topologies, and what this machine says of itself."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perf.host.machine import this_machine
from perf.host.topology import cores_by_socket, flatten, leading_number
from tests.builders import machines

# CPU number -> (socket, the CPUs that share its core), as the kernel tells them.
TOPOLOGIES = {
    "two sockets of two cores, siblings numbered last": {
        0: (0, "0,4"), 1: (0, "1,5"), 2: (1, "2,6"), 3: (1, "3,7"),
        4: (0, "0,4"), 5: (0, "1,5"), 6: (1, "2,6"), 7: (1, "3,7"),
    },
    "two sockets, CPUs numbered in turn": {0: (0, "0"), 1: (1, "1"), 2: (0, "2"), 3: (1, "3")},
    "a virtual machine, one core per socket": {0: (0, "0"), 1: (1, "1")},
}  # fmt: skip


def recorded(folder: Path, topology: dict[int, tuple[int, str]]) -> Path:
    for cpu, (package, siblings) in topology.items():
        target = folder / "cpu" / f"cpu{cpu}" / "topology"
        target.mkdir(parents=True)
        (target / "physical_package_id").write_text(f"{package}\n")
        (target / "core_id").write_text("0\n")  # begins anew on every die, so nothing may rest on it
        (target / "thread_siblings_list").write_text(f"{siblings}\n")
    return folder


@pytest.mark.parametrize(
    ("name", "usable", "sockets"),
    [
        ("two sockets of two cores, siblings numbered last", range(8), {0: (0, 1), 1: (2, 3)}),
        ("two sockets of two cores, siblings numbered last", (2, 3, 6, 7), {1: (2, 3)}),
        ("two sockets of two cores, siblings numbered last", (4, 5, 6), {0: (4, 5), 1: (6,)}),
        ("two sockets, CPUs numbered in turn", range(4), {0: (0, 2), 1: (1, 3)}),
        ("two sockets, CPUs numbered in turn", (3,), {1: (3,)}),
        ("a virtual machine, one core per socket", range(2), {0: (0,), 1: (1,)}),
    ],
)
def test_one_thread_per_core_of_each_usable_socket(
    tmp_path: Path, name: str, usable: range, sockets: dict[int, tuple[int, ...]]
) -> None:
    assert cores_by_socket(usable, recorded(tmp_path, TOPOLOGIES[name])) == sockets


def test_without_a_topology_each_cpu_is_a_core(tmp_path: Path) -> None:
    assert cores_by_socket((1, 3), tmp_path) == {0: (1, 3)}


def test_this_machine_is_read() -> None:
    machine = this_machine()
    assert machine.vendor in {"GenuineIntel", "AuthenticAMD"}
    assert "sse2" in machine.flags
    assert set(machine.cores) <= os.sched_getaffinity(0)
    assert machine.memory_bytes > 2**30
    assert machine.cpu in str(machine)


@pytest.mark.parametrize(
    ("name", "bf16", "fp16", "int8"),
    [
        ("skylake-sp.known", None, None, None),
        ("cascade-lake-without-avx512_vnni.known", None, None, None),
        ("cascade-lake.known", None, None, "avx512_vnni"),
        ("cooper-lake.known", "avx512_bf16", None, "avx512_vnni"),
        ("ice-lake-sp.known", None, None, "avx512_vnni"),
        ("sapphire-rapids.known", "amx_bf16", "avx512_fp16", "amx_int8"),
        ("sapphire-rapids.inferred", "amx_bf16", "avx512_fp16", "amx_int8"),
        ("emerald-rapids.known", "amx_bf16", "avx512_fp16", "amx_int8"),
        ("granite-rapids.known", "amx_bf16", "amx_fp16", "amx_int8"),  # no flag of /proc/cpuinfo says so
        ("sierra-forest.known", None, None, "avx_vnni"),
        ("milan.known", None, None, None),
        ("genoa.known", "avx512_bf16", None, "avx512_vnni"),
        ("turin.known", "avx512_bf16", None, "avx512_vnni"),
    ],
)
def test_the_fastest_instructions_of_each_type(name: str, bf16: str | None, fp16: str | None, int8: str | None) -> None:
    machine = machines.recorded(name)
    assert (machine.bf16_isa, machine.fp16_isa, machine.int8_isa) == (bf16, fp16, int8)


def test_a_generation_whose_amx_is_switched_off_multiplies_float16_without_it() -> None:
    granite_rapids = machines.recorded("granite-rapids.known")
    without_amx = {flag for flag in granite_rapids.flags if not flag.startswith("amx")}
    assert replace(granite_rapids, flags=frozenset(without_amx)).fp16_isa == "avx512_fp16"
    assert replace(granite_rapids, flags=frozenset({"amx_fp16"}), model=143).fp16_isa == "amx_fp16"


def test_the_fingerprint_is_json_and_says_what_it_is() -> None:
    machine = this_machine()
    assert json.loads(json.dumps(machine.fingerprint)) == machine.fingerprint
    assert machine.fingerprint["codename"] == machine.codename.key
    assert machine.fingerprint["cores_used"] == len(machine.cores)
    assert set(machine.particulars) == {"cpu", "kernel", "microcode", "bios"}


def test_lscpu_nests_its_fields_or_does_not() -> None:
    flat: list[dict[str, Any]] = [
        {"field": "Socket(s):", "data": "2"},
        {"field": "L3 cache:", "data": "33554432 (1 instance)"},
    ]
    nested: list[dict[str, Any]] = [
        {"field": "Vendor ID:", "data": "x", "children": [{"field": "Socket(s):", "data": "2"}]},
        {
            "field": "Caches (sum of all):",
            "data": None,
            "children": [{"field": "L3:", "data": "33554432 (1 instance)"}],
        },
    ]
    assert dict(flatten(flat))["Socket(s)"] == dict(flatten(nested))["Socket(s)"] == "2"
    assert leading_number(dict(flatten(flat))["L3 cache"]) == leading_number(dict(flatten(nested))["L3"]) == 2**25
    assert leading_number(None) is None
