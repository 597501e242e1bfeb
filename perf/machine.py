"""The machine as the parent sees it: its CPU, its memory, and the cores of one socket."""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cpuinfo

SYS_CPU = Path("/sys/devices/system/cpu")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a figure has to be read with. ``cores`` are the first threads of one socket's usable cores."""

    cpu: str
    vendor: str
    family: int
    model: int
    flags: frozenset[str]
    cores: tuple[int, ...]
    memory_bytes: int
    kernel: str

    @property
    def bf16_isa(self) -> str | None:
        """The widest instruction set for bfloat16 products, or None where they would be emulated."""
        return next((isa for isa in ("amx_bf16", "avx512_bf16") if isa in self.flags), None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"flags": sorted(self.flags)}

    def __str__(self) -> str:
        memory_gib = self.memory_bytes / 1024**3
        return (
            f"{self.cpu} ({self.vendor}, family {self.family}, model {self.model}), {len(self.cores)} cores, "
            f"{memory_gib:.0f} GiB, bf16 by {self.bf16_isa or 'emulation'}, Linux {self.kernel}"
        )


@functools.cache
def this_machine() -> Machine:
    """Read the machine once; py-cpuinfo takes about a second."""
    info = cpuinfo.get_cpu_info()
    return Machine(
        cpu=info.get("brand_raw", "unknown CPU"),
        vendor=info.get("vendor_id_raw", "unknown vendor"),
        family=info.get("family", 0),
        model=info.get("model", 0),
        flags=frozenset(info.get("flags", ())),
        cores=one_socket_cores(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        kernel=platform.release(),
    )


def one_socket_cores(usable: Iterable[int], sys_cpu: Path = SYS_CPU) -> tuple[int, ...]:
    """One CPU number per physical core of the first socket, of those this process may use."""
    by_core: dict[tuple[int, int], int] = {}
    for cpu in sorted(usable):
        topology = sys_cpu / f"cpu{cpu}" / "topology"
        socket = int((topology / "physical_package_id").read_text())
        core = int((topology / "core_id").read_text())
        by_core.setdefault((socket, core), cpu)
    first_socket = min(socket for socket, _ in by_core)
    return tuple(cpu for (socket, _), cpu in by_core.items() if socket == first_socket)
