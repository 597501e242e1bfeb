"""The surroundings of a process, read from /proc: its libraries, environment, CPUs and memory policy."""

from __future__ import annotations

import ctypes
import os
import re
from collections import Counter
from pathlib import Path

from perf.records.evidence import Surroundings
from perf.records.launch import STEERING

SELF = Path("/proc/self")
ALLOCATOR = re.compile(r"lib(jemalloc|tcmalloc|mimalloc|tbbmalloc_proxy)[^/]*\.so")
OPENMP = re.compile(r"lib(g|i)?omp[\d-][^/]*\.so|libg?omp\.so")

SYS_GET_MEMPOLICY = 239  # x86-64
POLICY_FLAGS = 0b111 << 13  # static nodes, relative nodes, NUMA balancing: how a policy is applied, not which it is
POLICIES = ("default", "preferred", "bind", "interleave", "local", "preferred-many", "weighted-interleave")


def read() -> Surroundings:
    """Read the surroundings of this process."""
    mapped = libraries((SELF / "maps").read_text(errors="replace"))
    return Surroundings(
        allocators=tuple(name for name in mapped if ALLOCATOR.match(name)),
        openmp=tuple(name for name in mapped if OPENMP.match(name)),
        malloc_conf=os.environ.get("MALLOC_CONF"),
        steering={name: value for name, value in sorted(os.environ.items()) if STEERING.match(name)},
        cpus=thread_cpus(SELF / "task"),
        memory_policy=memory_policy(),
    )


def libraries(maps: str) -> list[str]:
    """Return the file names of the shared objects in the text of a /proc/PID/maps, sorted, each once."""
    paths = (line.split(maxsplit=5)[5] for line in maps.splitlines() if ".so" in line and "/" in line)
    return sorted({path.rpartition("/")[2] for path in paths})


def thread_cpus(tasks: Path) -> dict[str, int]:
    """Return each list of CPUs in a /proc/PID/task, such as ``0-31``, -> the number of threads that may run on it."""
    threads: Counter[str] = Counter()
    for status in tasks.glob("*/status"):
        try:
            text = status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread has ended in the meantime
        threads.update(re.findall(r"^Cpus_allowed_list:\s*(\S+)$", text, re.MULTILINE))
    return dict(threads)


def memory_policy() -> str:
    """Return this process's NUMA policy by its name in get_mempolicy(2), or ``not known``."""
    mode = ctypes.c_int(0)
    failed = ctypes.CDLL(None).syscall(SYS_GET_MEMPOLICY, ctypes.byref(mode), None, 0, None, 0)
    policy = mode.value & ~POLICY_FLAGS
    known = not failed and 0 <= policy < len(POLICIES)
    return POLICIES[policy] if known else "not known"
