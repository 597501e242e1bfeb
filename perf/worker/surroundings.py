"""Child side: what the process runs on and with, read from /proc: libraries, environment, CPUs, memory policy."""

from __future__ import annotations

import ctypes
import os
import re
from collections import Counter
from pathlib import Path

from perf.records.evidence import Surroundings

SELF = Path("/proc/self")
ALLOCATOR = re.compile(r"lib(jemalloc|tcmalloc|mimalloc|tbbmalloc_proxy)[^/]*\.so")
OPENMP = re.compile(r"lib(g|i)?omp[\d-][^/]*\.so|libg?omp\.so")
STEERING = re.compile(r"(?!.*_DIR$)(ONEDNN|DNNL|MKL|KMP|GOMP|OMP|TORCH|TORCHINDUCTOR|ATEN|OV|IPEX)_")

SYS_GET_MEMPOLICY = 239  # x86-64
POLICIES = ("default", "preferred", "bind", "interleave", "local", "preferred-many", "weighted-interleave")


def read() -> Surroundings:
    """Of this process, now."""
    mapped = libraries((SELF / "maps").read_text())
    return Surroundings(
        allocators=tuple(name for name in mapped if ALLOCATOR.match(name)),
        openmp=tuple(name for name in mapped if OPENMP.match(name)),
        malloc_conf=os.environ.get("MALLOC_CONF"),
        steering={name: value for name, value in sorted(os.environ.items()) if STEERING.match(name)},
        cpus=thread_cpus(SELF / "task"),
        memory_policy=memory_policy(),
    )


def libraries(maps: str) -> list[str]:
    """File names of the shared objects in a /proc/PID/maps."""
    paths = (line.split(maxsplit=5)[5] for line in maps.splitlines() if ".so" in line and line.count("/"))
    return sorted({path.rpartition("/")[2] for path in paths})


def thread_cpus(tasks: Path) -> dict[str, int]:
    """How many threads may run on which CPUs."""
    found: Counter[str] = Counter()
    for status in tasks.glob("*/status"):
        try:
            text = status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread has ended meanwhile
        found.update(re.findall(r"^Cpus_allowed_list:\s*(\S+)$", text, re.MULTILINE))
    return dict(found)


def memory_policy() -> str:
    """This process's NUMA policy, by its name in get_mempolicy(2)."""
    mode = ctypes.c_int(0)
    failed = ctypes.CDLL(None).syscall(SYS_GET_MEMPOLICY, ctypes.byref(mode), None, 0, None, 0)
    known = not failed and 0 <= mode.value < len(POLICIES)
    return POLICIES[mode.value] if known else "not known"
