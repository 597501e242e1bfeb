"""Where instances are put: the placements that a person would choose, on topologies as the kernel tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.host.linux import parse_cpu_list
from perf.host.placement import place
from perf.host.topology import Core, cores
from tests.builders.trees import tree

# NUMA node -> (socket, its CPUs); the second threads of the cores have the numbers after all first ones.
TOPOLOGIES: Mapping[str, tuple[Mapping[int, tuple[int, str]], int | None]] = {
    # Xeon 8480 pairs: two sockets of 56 cores, hyperthreading on, the usual numbering of Linux
    "two sockets": ({0: (0, "0-55,112-167"), 1: (1, "56-111,168-223")}, 112),
    # the same with sub-NUMA clusters of four (SNC4)
    "clusters": (
        {0: (0, "0-13"), 1: (0, "14-27"), 2: (0, "28-41"), 3: (0, "42-55"),
         4: (1, "56-69"), 5: (1, "70-83"), 6: (1, "84-97"), 7: (1, "98-111")}, None,
    ),
    # AMD's and some firmware's numbering: CPUs in turn on the two sockets
    "in turn": ({0: (0, "0,2,4,6"), 1: (1, "1,3,5,7")}, None),
    # a Xeon Max in flat mode: nodes 2 and 3 are HBM, without CPUs
    "with HBM": ({0: (0, "0-3"), 1: (1, "4-7"), 2: (0, ""), 3: (1, "")}, None),
    # three clusters in each socket, as Granite Rapids has
    "three clusters": ({n: (n // 3, f"{4 * n}-{4 * n + 3}") for n in range(6)}, None),
    # two sockets that a virtual machine's firmware puts on one node
    "one node": ({0: (0, "0-3")}, None),
}  # fmt: skip


def topology(folder: Path, name: str) -> Path:
    nodes, first_siblings = TOPOLOGIES[name]
    files = {}
    for node, (socket, cpus) in nodes.items():
        files[f"node/node{node}/cpulist"] = cpus
        for cpu in parse_cpu_list(cpus):
            core = cpu % first_siblings if first_siblings else cpu
            siblings = f"{core},{core + first_siblings}" if first_siblings else str(core)
            files[f"cpu/cpu{cpu}/topology/physical_package_id"] = str(socket)
            files[f"cpu/cpu{cpu}/topology/thread_siblings_list"] = siblings
    return tree(folder, files)


def placed(folder: Path, name: str, wanted: str, usable: Iterable[int]) -> list[str]:
    """Return the CPUs of each instance as numactl takes them."""
    return [ranges(each) for each in place(wanted, cores(usable, topology(folder, name)))]


def ranges(cpus: tuple[int, ...]) -> str:
    """Return ``0-3`` for consecutive numbers, else all of them."""
    is_range = len(cpus) > 1 and cpus == tuple(range(cpus[0], cpus[-1] + 1))
    return f"{cpus[0]}-{cpus[-1]}" if is_range else ",".join(map(str, cpus))


@pytest.mark.parametrize(
    ("name", "wanted", "usable", "expected"),
    [
        ("two sockets", "1", range(224), ["0-111"]),
        ("two sockets", "per-socket", range(224), ["0-55", "56-111"]),
        ("two sockets", "per-numa", range(224), ["0-55", "56-111"]),
        ("two sockets", "2", range(224), ["0-55", "56-111"]),
        ("two sockets", "4", range(224), ["0-27", "28-55", "56-83", "84-111"]),
        ("two sockets", "8", range(224), [f"{14 * n}-{14 * n + 13}" for n in range(8)]),
        ("clusters", "per-socket", range(112), ["0-55", "56-111"]),
        ("clusters", "per-numa", range(112), [f"{14 * n}-{14 * n + 13}" for n in range(8)]),
        ("clusters", "4", range(112), ["0-27", "28-55", "56-83", "84-111"]),  # two whole clusters each
        ("clusters", "16", range(112), [f"{7 * n}-{7 * n + 6}" for n in range(16)]),
        ("in turn", "2", range(8), ["0,2,4,6", "1,3,5,7"]),
        ("in turn", "4", range(8), ["0,2", "4,6", "1,3", "5,7"]),
        ("with HBM", "per-numa", range(8), ["0-3", "4-7"]),
        ("three clusters", "per-socket", range(24), ["0-11", "12-23"]),
        ("three clusters", "6", range(24), ["0-3", "4-7", "8-11", "12-15", "16-19", "20-23"]),
    ],
)
def test_instances_are_put_where_a_person_would(
    tmp_path: Path, name: str, wanted: str, usable: range, expected: list[str]
) -> None:
    assert placed(tmp_path, name, wanted, usable) == expected


@pytest.mark.parametrize(
    ("wanted", "usable", "expected"),
    [
        ("per-socket", [*range(8), *range(56, 60)], ["0-7", "56-59"]),  # a cpuset may leave unequal parts
        ("per-socket", range(56, 64), ["56-63"]),
        ("2", range(56, 64), ["56-59", "60-63"]),
        ("3", [*range(8), *range(56, 60)], ["0-3", "4-7", "56-59"]),
        ("1", [*range(8), *range(56, 60)], ["0,1,2,3,4,5,6,7,56,57,58,59"]),
        ("2", [112, 113, 114, 115], ["112-113", "114-115"]),  # the second threads alone
        ("2", [0, 1, 112, 113], ["0", "1"]),  # both threads of two cores
    ],
)
def test_a_cpuset_is_divided_and_never_left(
    tmp_path: Path, wanted: str, usable: Iterable[int], expected: list[str]
) -> None:
    assert placed(tmp_path, "two sockets", wanted, usable) == expected


@pytest.mark.parametrize(
    ("name", "wanted", "usable", "message"),
    [
        ("two sockets", "3", range(8), "the 8 cores that may be used do not divide into 3; possible are 1, 2, 4, 8"),
        ("two sockets", "300", range(8), "do not divide into 300; possible are 1, 2, 4, 8"),
        ("two sockets", "2", [*range(8), *range(56, 60)], "reach into NUMA node 0, of which another has the rest; "
         "possible are 1, 3, 6, 12"),
        ("three clusters", "4", range(24), "reach into NUMA node 1, of which another has the rest; possible are 1, 2"),
        ("three clusters", "3", range(24), "reach into socket 1, of which another has the rest"),
        ("two sockets", "0", range(8), "give a number, per-socket or per-numa"),
        ("two sockets", "per-core", range(8), "'per-core': give a number, per-socket or per-numa"),
        ("two sockets", "-1", range(8), "give a number"),
    ],
)  # fmt: skip
def test_what_cannot_be_placed_well_is_refused_and_what_can_be_is_named(
    tmp_path: Path, name: str, wanted: str, usable: Iterable[int], message: str
) -> None:
    with pytest.raises(BadInput, match=f"^--instances .*{message}"):
        placed(tmp_path, name, wanted, usable)


def test_without_a_topology_each_cpu_is_a_core_of_one_node(tmp_path: Path) -> None:
    assert cores((1, 3), tmp_path) == [Core(cpu=1, socket=0, node=0), Core(cpu=3, socket=0, node=0)]
    assert place("2", cores((1, 3), tmp_path)) == ((1,), (3,))
