"""Claims on the process: allocator, OpenMP, threads, and the CPUs and memory that they may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from perf.host.linux import parse_cpu_list
from perf.measure.command import MALLOC_CONF
from perf.proof.claims.claim import Claim, Facts, equal, expecting

INTEL_OPENMP = "libiomp5"
LOCAL = {"default", "local", "not known"}  # memory policies that keep memory near; a container may hide which it is


def allocator(facts: Facts) -> Claim:
    found = facts.evidence.surroundings.allocators
    wanted = facts.variant.tuning.allocator if facts.variant.tuning else None
    holds = any(wanted in name for name in found) if wanted else not found
    return expecting("allocator", holds, ", ".join(found) or "the C library's", wanted or "the C library's")


def openmp(facts: Facts) -> Claim:
    """The tuned rows have Intel's OpenMP. Where two are loaded at once, as torch brings its own, that is said."""
    found = facts.evidence.surroundings.openmp
    holds = facts.variant.tuning is None or any(name.startswith(INTEL_OPENMP) for name in found)
    at_once = f" ({len(found)} at once)" if len(found) > 1 else ""
    return expecting("OpenMP", holds, (", ".join(found) or "none") + at_once, "libiomp5.so preloaded")


def malloc_conf(facts: Facts) -> Claim | None:
    if facts.variant.tuning is None or facts.variant.tuning.allocator != "jemalloc":
        return None
    return equal("MALLOC_CONF", facts.evidence.surroundings.malloc_conf, MALLOC_CONF)


def threads(facts: Facts) -> Claim:
    """Tuned rows and OpenVINO use one socket's cores; torch by itself those of all sockets."""
    one_socket = facts.variant.tuning is not None or facts.variant.backend == "openvino"
    wanted = len(facts.machine.cores) * (1 if one_socket else facts.machine.sockets)
    return equal("threads", facts.evidence.state.threads, wanted)


def streams(facts: Facts) -> Claim | None:
    """OpenVINO makes one image at a time with all its threads."""
    found = facts.evidence.state.streams
    return None if found is None else equal("streams", found, 1)


def pinning(facts: Facts) -> Claim | None:
    """Every thread of a tuned row stays on the cores that it was given."""
    if facts.variant.tuning is None:
        return None
    allowed = set(facts.machine.cores)
    astray = [listed for listed in facts.evidence.surroundings.cpus if not parse_cpu_list(listed) <= allowed]
    says = f"threads may run on CPUs {'; '.join(astray or facts.evidence.surroundings.cpus)}"
    return expecting("pinning", not astray, says, ",".join(map(str, facts.machine.cores)))


def memory_policy(facts: Facts) -> Claim:
    found = facts.evidence.surroundings.memory_policy
    return expecting("memory policy", found in LOCAL, found, "default")


CLAIMS: Sequence[Callable[[Facts], Claim | None]] = (
    allocator,
    openmp,
    malloc_conf,
    threads,
    streams,
    pinning,
    memory_policy,
)
