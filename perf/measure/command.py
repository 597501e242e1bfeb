"""The command line and environment of a worker, which make a variant what it is, and of the probe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perf.host.cache import cache_dir
from perf.host.machine import Machine
from perf.host.prerequisites import ALLOCATORS, allocator_library, openmp_library
from perf.host.stack import ROOT, Stack
from perf.host.withheld import without_secrets
from perf.records.launch import FOLDERS, NUMACTL, Launch, launch_changes, steers
from perf.spec.variant import Tuning, Variant

# The source article's jemalloc settings.
MALLOC_CONF = "oversize_threshold:1,background_thread:true,metadata_thp:auto,dirty_decay_ms:60000,muzzy_decay_ms:60000"

PRELOAD = "LD_PRELOAD"
THREADS = "OMP_NUM_THREADS"

# A user's shell may have set these, and they would quietly turn one variant into another, or have it print every call.
CONTAMINATING = re.compile(
    r"(OMP|KMP|GOMP|MALLOC|TCMALLOC)_.*|LD_PRELOAD|GLIBC_TUNABLES|MKL_NUM_THREADS|.*_VERBOSE"
    r"|PYTHON(DEVMODE|TRACEMALLOC|MALLOC|OPTIMIZE|PROFILEIMPORTTIME)"
)
INTERPRETER = re.compile(r"PYTHON.*")  # meant for this process's own interpreter

OFFLINE = {
    "HF_HUB_OFFLINE": "1",  # the checkpoint is on disk by now, so a worker needs no network
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "CI": "true",  # keeps OpenVINO's exporter from sending usage data
}

# The tail of a dead worker's output should be complete, say where it was, and hold no progress bars.
LAST_WORDS = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONFAULTHANDLER": "1",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "DIFFUSERS_VERBOSITY": "error",
}


@dataclass(frozen=True)
class Command:
    """The start of a command line, which the launcher completes, and the whole environment."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a worker is started from, where that is not this tree as it would start it.

    ``code`` is the folder with the suite's code (``perf``); ``launch`` is None for the launch that is usual here.
    """

    code: Path = ROOT
    launch: Launch | None = None


HERE = Origin()


def for_variant(variant: Variant, stack: Stack, machine: Machine, origin: Origin = HERE) -> Command:
    """Return the command that starts a worker for ``variant``, whose requirements are known to be met."""
    python = (stack.python, "-m", "perf.worker")
    prefix, environment = _usual(variant, stack, machine)
    if origin.launch:
        prefix = origin.launch.prefix
        environment = _as_launched(origin.launch, environment, stack)
        if machine.is_part:  # the launch that was recorded is the first instance's
            prefix = origin.launch.bound_to(machine.cores).prefix
            if variant.tuning and THREADS not in variant.environment:
                environment |= {THREADS: str(len(machine.cores))}
    return Command((*prefix, *python), environment | {"PYTHONPATH": str(origin.code)})


def launch_here(variant: Variant, stack: Stack, machine: Machine) -> Launch:
    """Return how a worker of ``variant`` is started here; no path of this machine is in it."""
    return Launch.of(*_usual(variant, stack, machine))


def launch_differences(launch: Launch, variant: Variant, stack: Stack, machine: Machine) -> list[str]:
    """List in what a worker that is started with this origin's launch differs here from how that launch was recorded.

    A library that is preloaded may be missing here, and a folder of libraries is not recorded.
    """
    _, environment = _usual(variant, stack, machine)
    return launch_changes(launch, Launch.of(launch.prefix, _as_launched(launch, environment, stack)))


def _usual(variant: Variant, stack: Stack, machine: Machine) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return what stands before python for a variant here, and its whole environment."""
    environment = clean_environment() | OFFLINE | LAST_WORDS
    own = dict(variant.environment)
    memory = () if machine.memory_node is None else ("-p", str(machine.memory_node))
    cpus = ("-C", ",".join(map(str, machine.cores))) if variant.tuning or machine.is_part else ()
    prefix = (NUMACTL, *cpus, *memory) if cpus or memory else ()
    tuning = tuning_environment(variant.tuning, stack, machine) if variant.tuning else {}
    return prefix, environment | tuning | own


def _as_launched(launch: Launch, environment: Mapping[str, str], stack: Stack) -> dict[str, str]:
    """Return the environment with the variables that steer as in ``launch``; what is a path is this machine's own."""
    kept = {name: value for name, value in environment.items() if not steers(name) or name == FOLDERS}
    wanted = {name: value for name, value in launch.environment.items() if name not in (FOLDERS, PRELOAD)}
    preloaded = [_library(name, stack) for name in launch.environment.get(PRELOAD, "").split(":")]
    if known := [library for library in preloaded if library]:
        wanted[PRELOAD] = ":".join(known)
    return kept | wanted


def _library(name: str, stack: Stack) -> str | None:
    """Return what to preload for the library of this file name; None unless the suite itself preloads it here."""
    openmp = openmp_library(stack)
    if name == openmp.name and openmp.exists():
        return str(openmp)
    return name if name in map(allocator_library, ALLOCATORS) else None


def for_probe(machine: Machine) -> Command:
    """Return the command that starts the probe in the suite's own interpreter, on the cores that tuned rows use."""
    threads = {
        "OPENBLAS_NUM_THREADS": str(len(machine.cores)),
        "OPENBLAS_THREAD_TIMEOUT": "4",  # sleep at once when done: a spinning thread would take time from the worker
    }
    cores = ",".join(map(str, machine.cores))
    return Command(("taskset", "-c", cores, sys.executable, "-m", "perf.worker.probe"), clean_environment() | threads)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without secrets and contamination, plus the paths of perf and its cache."""
    passed = without_secrets(os.environ)
    kept = {name: value for name, value in passed.items() if not is_kept_back(name)}
    return kept | {"PYTHONPATH": str(ROOT), "TORCHINDUCTOR_CACHE_DIR": str(cache_dir() / "inductor")}


def is_kept_back(name: str) -> bool:
    """Tell whether a worker gets its own value of this variable, or none."""
    return bool(CONTAMINATING.fullmatch(name) or INTERPRETER.fullmatch(name))


def contamination() -> list[str]:
    """Return the variables of this process that no worker gets, since they would change what is measured."""
    return sorted(name for name in without_secrets(os.environ) if CONTAMINATING.fullmatch(name))


def tuning_environment(tuning: Tuning, stack: Stack, machine: Machine) -> dict[str, str]:
    """Return the article's system tuning: the allocator and Intel OpenMP preloaded, one thread per physical core."""
    allocator = allocator_library(tuning.allocator)
    environment = {
        PRELOAD: f"{allocator}:{openmp_library(stack)}",
        THREADS: str(len(machine.cores)),
    }
    if tuning.allocator == "jemalloc":
        environment["MALLOC_CONF"] = MALLOC_CONF
    return environment
