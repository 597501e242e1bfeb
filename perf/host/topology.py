"""Sockets, NUMA nodes, cores and caches: from /sys, and from lscpu where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perf.host import linux

SYS = Path("/sys/devices/system")


@dataclass(frozen=True, kw_only=True)
class Core:
    """A physical core: the number of its first thread that may be used, its socket and its NUMA node."""

    cpu: int
    socket: int
    node: int


def cores(usable: Iterable[int], sys: Path = SYS) -> list[Core]:
    """Return the physical cores among the ``usable`` CPU numbers, in the order of these.

    A core is the CPUs that share it: its number (``core_id``) begins anew on every die of a socket. Where nothing is
    known of a CPU, as in some sandboxes, it is a core of its own, on socket 0 and node 0.
    """
    nodes = node_of_cpus(sys / "node")
    by_siblings: dict[tuple[int, frozenset[int]], Core] = {}
    for cpu in sorted(usable):
        topology = sys / "cpu" / f"cpu{cpu}" / "topology"
        socket = int(linux.read(topology / "physical_package_id") or 0)
        siblings = linux.parse_cpu_list(linux.read(topology / "thread_siblings_list") or str(cpu))
        by_siblings.setdefault((socket, siblings), Core(cpu=cpu, socket=socket, node=nodes.get(cpu, 0)))
    return list(by_siblings.values())


def cores_by_socket(usable: Iterable[int], sys: Path = SYS) -> dict[int, tuple[int, ...]]:
    """Return socket -> one CPU number per physical core of it, among the ``usable`` CPU numbers."""
    sockets: dict[int, list[int]] = {}
    for core in cores(usable, sys):
        sockets.setdefault(core.socket, []).append(core.cpu)
    return {socket: tuple(first_threads) for socket, first_threads in sorted(sockets.items())}


def node_of_cpus(sys_node: Path) -> dict[int, int]:
    """Return CPU number -> its NUMA node; a node of memory alone, such as HBM, has no CPU."""
    nodes = {}
    for folder in sys_node.glob("node[0-9]*"):
        for cpu in linux.parse_cpu_list(linux.read(folder / "cpulist") or ""):
            nodes[cpu] = int(folder.name.removeprefix("node"))
    return nodes


def lscpu() -> dict[str, str]:
    """Run util-linux' lscpu: field -> value, sizes in bytes; nothing where it is not installed."""
    command = ["lscpu", "--json", "--bytes"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"LC_ALL": "C"})
    except (OSError, subprocess.CalledProcessError):
        return {}
    return dict(flatten(json.loads(result.stdout)["lscpu"]))


def flatten(fields: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the fields of lscpu. Some versions nest them, and then call "L3 cache" just "L3"."""
    for field in fields:
        yield field["field"].rstrip(":"), field["data"] or ""
        yield from flatten(field.get("children", ()))


def leading_number(text: str | None) -> int | None:
    """Return the 33554432 of ``33554432 (1 instance)``; None where the text does not begin with a number."""
    word = (text or "").partition(" ")[0]
    return int(word) if word.isdigit() else None
