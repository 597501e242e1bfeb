"""Claims on the process: allocator, OpenMP, environment, threads, and the CPUs and memory that they may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from perf.host.linux import parse_cpu_list
from perf.measure.command import MALLOC_CONF
from perf.proof.claims.claim import Facts, equal, expecting
from perf.records.claim import Claim
from perf.records.launch import STEERING

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
    """Claim jemalloc's settings in the rows that use it: the article's, or the row's own."""
    if facts.variant.tuning is None or facts.variant.tuning.allocator != "jemalloc":
        return None
    expected = facts.variant.environment.get("MALLOC_CONF", MALLOC_CONF)
    return equal("MALLOC_CONF", facts.evidence.surroundings.malloc_conf, expected)


def environment(facts: Facts) -> Claim | None:
    """Claim the variables that a row sets, of those that the worker tells."""
    seen = facts.evidence.surroundings.steering
    wanted = {name: value for name, value in facts.variant.environment.items() if STEERING.match(name)}
    if not wanted:
        return None
    lost = [name for name, value in wanted.items() if seen.get(name) != value]
    observed = ", ".join(f"{name}={seen.get(name, '')}" for name in lost or wanted)
    return expecting("environment", not lost, observed, ", ".join(f"{name}={wanted[name]}" for name in lost))


def threads(facts: Facts) -> Claim:
    """Claim a thread per core: those of one socket for tuned rows and OpenVINO, of all sockets for torch by itself.

    What a row itself says goes before, and a backend that a package brings may do either.
    """
    machine, variant, observed = facts.machine, facts.variant, facts.evidence.state.threads
    told = variant.ov_config.get("INFERENCE_NUM_THREADS", variant.environment.get("OMP_NUM_THREADS"))
    if told is not None:
        return expecting("threads", str(observed) == str(told), observed, told)
    uses_one_socket = variant.tuning is not None or variant.runs_openvino
    if variant.is_brought and not uses_one_socket and observed == len(machine.cores):
        uses_one_socket = True
    return equal("threads", observed, len(machine.cores) if uses_one_socket else machine.usable_cores)


def streams(facts: Facts) -> Claim | None:
    """Claim that OpenVINO makes one image at a time, with all its threads, or as many as the row says."""
    count, told = facts.evidence.state.streams, facts.variant.ov_config.get("NUM_STREAMS", 1)
    return None if count is None else expecting("streams", str(count) == str(told), count, told)


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
    environment,
    threads,
    streams,
    pinning,
    memory_policy,
)
