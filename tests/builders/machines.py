"""Machines for tests."""

from __future__ import annotations

from dataclasses import replace

from perf.host.cpu import SAPPHIRE_RAPIDS_SETS
from perf.host.machine import Machine
from perf.host.stack import ROOT

RECORDED = ROOT / "tests" / "data" / "machines"

GENOA = Machine(
    cpu="AMD EPYC 9R14",
    vendor="AuthenticAMD",
    family=25,
    model=17,
    stepping=1,
    flags=frozenset({"avx512_bf16"}),
    cores=(0, 2),
    usable_cores=2,
    sockets=1,
    numa_nodes=1,
    threads_per_core=2,
    l3_bytes=32 * 1024**2,
    memory_bytes=24 * 1024**3,
    microcode="0xa10113e",
    kernel="6.1",
    hypervisor=None,
    governor="performance",
    turbo=False,
    cpu_quota=None,
    memory_limit_bytes=None,
    transparent_hugepages="madvise",
)

SAPPHIRE_RAPIDS = replace(
    GENOA,
    cpu="Intel(R) Xeon(R) Platinum 8488C",
    vendor="GenuineIntel",
    family=6,
    model=143,
    stepping=8,
    flags=frozenset(SAPPHIRE_RAPIDS_SETS),
)
ICE_LAKE = replace(
    GENOA,
    cpu="Intel(R) Xeon(R) Platinum 8375C",
    vendor="GenuineIntel",
    family=6,
    model=106,
    flags=frozenset({"avx512_vbmi2", "avx512_vnni"}),
)


def recorded(name: str) -> Machine:
    """Return a machine whose CPU is that of a recorded /proc/cpuinfo; ``name`` is how its file's begins."""
    (path,) = RECORDED.glob(f"{name}.*txt")
    lines = (line.partition(":") for line in path.read_text().splitlines())
    fields = {field.strip(): value.strip() for field, _, value in lines}
    return replace(
        GENOA,
        cpu=fields["model name"],
        vendor=fields["vendor_id"],
        family=int(fields["cpu family"]),
        model=int(fields["model"]),
        stepping=int(fields["stepping"]),
        flags=frozenset(fields["flags"].split()),
    )
