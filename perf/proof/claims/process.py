"""Claims on the process: allocator, OpenMP, threads, and the CPUs and memory that they may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from perf.host.linux import parse_cpu_list
from perf.measure.command import MALLOC_CONF
from perf.proof.claims.claim import Claim, Facts, equal, expecting

INTEL_OPENMP = "libiomp5"
C_LIBRARY = "the C library's"
# Policies that keep memory near, and that take it from elsewhere; a container may hide which one is in force.
LOCAL = {"default", "local", "not known"}
PREFERRED = {"preferred", "preferred-many", "not known"}


def allocator(facts: Facts) -> Claim:
    """Claim the memory allocator, by the libraries that the worker has loaded."""
    loaded = facts.evidence.surroundings.allocators
    observed = ", ".join(loaded) or C_LIBRARY
    expected = facts.variant.tuning.allocator if facts.variant.tuning else None
    if expected is None:
        return expecting("allocator", not loaded, observed, C_LIBRARY)
    return expecting("allocator", any(expected in name for name in loaded), observed, expected)


def openmp(facts: Facts) -> Claim:
    """Claim Intel's OpenMP in tuned rows, and name it if two are loaded at once, as torch brings its own."""
    loaded = facts.evidence.surroundings.openmp
    observed = ", ".join(loaded) or "none"
    if len(loaded) > 1:
        observed += f" ({len(loaded)} at once)"
    holds = facts.variant.tuning is None or any(name.startswith(INTEL_OPENMP) for name in loaded)
    return expecting("OpenMP", holds, observed, "libiomp5.so preloaded")


def malloc_conf(facts: Facts) -> Claim | None:
    """Claim jemalloc's settings in the rows that use it."""
    if facts.variant.tuning is None or facts.variant.tuning.allocator != "jemalloc":
        return None
    return equal("MALLOC_CONF", facts.evidence.surroundings.malloc_conf, MALLOC_CONF)


def threads(facts: Facts) -> Claim:
    """Claim a thread per core: those of one socket for tuned rows and OpenVINO, of all sockets for torch by itself."""
    machine = facts.machine
    uses_one_socket = facts.variant.tuning is not None or facts.variant.runs_openvino
    expected = len(machine.cores) if uses_one_socket else machine.usable_cores
    return equal("threads", facts.evidence.state.threads, expected)


def streams(facts: Facts) -> Claim | None:
    """Claim that OpenVINO makes one image at a time, with all its threads."""
    count = facts.evidence.state.streams
    return None if count is None else equal("streams", count, 1)


def pinning(facts: Facts) -> Claim | None:
    """Claim that every thread of a tuned row, or of one of several instances, stays on the cores that it was given."""
    if facts.variant.tuning is None and not facts.machine.is_part:
        return None
    allowed = set(facts.machine.cores)
    lists = facts.evidence.surroundings.cpus
    astray = [cpus for cpus in lists if not parse_cpu_list(cpus) <= allowed]
    sentence = f"threads may run on CPUs {'; '.join(astray or lists)}"
    return expecting("pinning", not astray, sentence, ",".join(map(str, facts.machine.cores)))


def memory_policy(facts: Facts) -> Claim:
    """Claim that the worker's memory lies near its cores, or where it was asked for."""
    policy = facts.evidence.surroundings.memory_policy
    if facts.machine.memory_node is not None:
        return expecting("memory policy", policy in PREFERRED, policy, "preferred")
    return expecting("memory policy", policy in LOCAL, policy, "default")


CLAIMS: Sequence[Callable[[Facts], Claim | None]] = (
    allocator,
    openmp,
    malloc_conf,
    threads,
    streams,
    pinning,
    memory_policy,
)
