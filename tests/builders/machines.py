"""Machines for tests."""

from perf.host.machine import Machine

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
