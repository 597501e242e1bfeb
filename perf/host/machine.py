"""The machine as the parent sees it: its CPU, its cores, and the fingerprint that makes two measurements comparable."""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from perf.host import cpu, linux
from perf.host.cpu import Codename
from perf.host.cpu_info import read_cpu
from perf.host.topology import cores_by_socket, leading_number, lscpu

GIB = 1024**3

Fingerprint = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The hardware and its settings, which every figure depends on.

    ``cores`` are CPU numbers: the first thread of each usable core of one socket. ``usable_cores`` counts the cores of
    all ``sockets`` on which this process may run.

    ``cpu_quota`` is in CPUs. None stands for what the kernel does not report, and for no limit. ``memory_node`` is the
    NUMA node whose memory workers are to prefer, where one was asked for: a Xeon Max's HBM in flat mode is one.
    ``is_part`` tells whether this is the part of a machine that one instance among several is bound to.
    """

    cpu: str
    vendor: str
    family: int
    model: int
    stepping: int
    flags: frozenset[str]
    cores: tuple[int, ...]
    usable_cores: int
    sockets: int
    numa_nodes: int
    threads_per_core: int
    l3_bytes: int | None
    memory_bytes: int
    microcode: str | None
    kernel: str
    hypervisor: str | None
    governor: str | None
    turbo: bool | None
    cpu_quota: float | None
    memory_limit_bytes: int | None
    transparent_hugepages: str | None
    bios: str | None = None
    memory_node: int | None = None
    is_part: bool = False

    def part(self, cores: tuple[int, ...]) -> Machine:
        """Return the part of this machine that has these of its cores alone."""
        return replace(self, cores=cores, usable_cores=len(cores), is_part=True)

    @property
    def codename(self) -> Codename:
        """The CPU's generation."""
        return cpu.identify(self.vendor, self.family, self.model, self.stepping, self.flags)

    @property
    def bf16_isa(self) -> str | None:
        """The fastest instruction set for bfloat16 products, or None where they would be emulated."""
        return next((isa for isa in ("amx_bf16", "avx512_bf16") if isa in self.flags), None)

    @property
    def fp16_isa(self) -> str | None:
        """The fastest instruction set for float16 products, or None where they would be emulated.

        /proc/cpuinfo has no flag for AMX's, which Granite Rapids brought: there it follows from the generation.
        """
        if "amx_fp16" in self.flags or ("amx_tile" in self.flags and self.codename.name in cpu.WITH_AMX_FP16):
            return "amx_fp16"
        return "avx512_fp16" if "avx512_fp16" in self.flags else None

    @property
    def int8_isa(self) -> str | None:
        """The fastest instruction set for products of 8 bits, or None where they would be widened first."""
        return next((isa for isa in ("amx_int8", "avx512_vnni", "avx_vnni") if isa in self.flags), None)

    @property
    def fingerprint(self) -> Fingerprint:
        """All that must be equal for two measurements to be comparable; JSON types only."""
        preferred = {} if self.memory_node is None else {"memory_node": self.memory_node}
        return preferred | {
            "codename": self.codename.key,
            "bf16_isa": self.bf16_isa,
            "cores_used": len(self.cores),
            "sockets": self.sockets,
            "numa_nodes": self.numa_nodes,
            "threads_per_core": self.threads_per_core,
            "l3_mib": self.l3_bytes and round(self.l3_bytes / 1024**2),
            "memory_gib": round(self.memory_bytes / GIB),
            "hypervisor": self.hypervisor,
            "governor": self.governor,
            "turbo": self.turbo,
            "cpu_quota": self.cpu_quota,
            "memory_limit_gib": self.memory_limit_bytes and round(self.memory_limit_bytes / GIB),
            "transparent_hugepages": self.transparent_hugepages,
        }

    @property
    def particulars(self) -> Fingerprint:
        """All that may differ between two comparable measurements; differences are reported with the verdict."""
        return {"cpu": self.cpu, "kernel": self.kernel, "microcode": self.microcode, "bios": self.bios}

    def to_json(self) -> dict[str, Any]:
        """Return all fields, the fingerprint and the particulars, in JSON types."""
        summaries = {"fingerprint": self.fingerprint, "particulars": self.particulars}
        return asdict(self) | {"flags": sorted(self.flags)} | summaries

    def __str__(self) -> str:
        return (
            f"{self.cpu} ({self.codename.key}: {self.vendor}, family {self.family}, model {self.model}), "
            f"{len(self.cores)} cores, {self.memory_bytes / GIB:.0f} GiB, bf16 by {self.bf16_isa or 'emulation'}, "
            f"Linux {self.kernel}"
        )


@functools.cache
def this_machine() -> Machine:
    """Read the machine, once per process."""
    info = read_cpu()
    layout = lscpu()
    sockets = cores_by_socket(os.sched_getaffinity(0))
    cores = next(iter(sockets.values()))
    return Machine(
        cpu=info.get("brand_raw", "unknown CPU"),
        vendor=info.get("vendor_id_raw", "unknown vendor"),
        family=info.get("family", 0),
        model=info.get("model", 0),
        stepping=info.get("stepping", 0),
        flags=frozenset(info.get("flags", ())),
        cores=cores,
        usable_cores=sum(map(len, sockets.values())),
        sockets=len(sockets),
        numa_nodes=leading_number(layout.get("NUMA node(s)")) or 1,
        threads_per_core=leading_number(layout.get("Thread(s) per core")) or 1,
        l3_bytes=leading_number(layout.get("L3 cache") or layout.get("L3")),
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        microcode=linux.microcode(),
        kernel=platform.release(),
        hypervisor=layout.get("Hypervisor vendor") or ("unnamed" if "hypervisor" in info.get("flags", ()) else None),
        governor=linux.governor(cores[0]),
        turbo=linux.turbo(),
        cpu_quota=linux.cpu_quota(),
        memory_limit_bytes=linux.memory_limit_bytes(),
        transparent_hugepages=linux.transparent_hugepages(),
        bios=linux.bios(),
    )
