"""The command line and environment of a worker, which make a variant what it is, and of the probe."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from perf.host.cache import cache_dir
from perf.host.machine import Machine
from perf.host.prerequisites import allocator_library, openmp_library
from perf.host.stack import ROOT, Stack
from perf.spec.variant import Tuning, Variant

# The source article's jemalloc settings.
MALLOC_CONF = "oversize_threshold:1,background_thread:true,metadata_thp:auto,dirty_decay_ms:60000,muzzy_decay_ms:60000"

# A user's shell may have set these, and they would quietly turn one variant into another.
CONTAMINATING = ("LD_PRELOAD", "MALLOC_CONF", "OMP_", "KMP_", "GOMP_", "MKL_NUM_THREADS", "PYTHONPATH", "PYTHONHOME")

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


def for_variant(variant: Variant, stack: Stack, machine: Machine) -> Command:
    """Return the command that starts a worker for ``variant``, whose requirements are known to be met."""
    environment = clean_environment() | OFFLINE | LAST_WORDS
    python = (stack.python, "-m", "perf.worker")
    if variant.tuning is None:
        return Command(python, environment)
    cores = ",".join(map(str, machine.cores))
    return Command(("numactl", "-C", cores, *python), environment | tuning_environment(variant.tuning, stack, machine))


def for_probe(machine: Machine) -> Command:
    """Return the command that starts the probe in the suite's own interpreter, on the cores that tuned rows use."""
    threads = {
        "OPENBLAS_NUM_THREADS": str(len(machine.cores)),
        "OPENBLAS_THREAD_TIMEOUT": "4",  # sleep at once when done: a spinning thread would take time from the worker
    }
    cores = ",".join(map(str, machine.cores))
    return Command(("taskset", "-c", cores, sys.executable, "-m", "perf.worker.probe"), clean_environment() | threads)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what contaminates a variant, plus the paths of perf and its cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CONTAMINATING)}
    return kept | {"PYTHONPATH": str(ROOT), "TORCHINDUCTOR_CACHE_DIR": str(cache_dir() / "inductor")}


def tuning_environment(tuning: Tuning, stack: Stack, machine: Machine) -> dict[str, str]:
    """Return the article's system tuning: the allocator and Intel OpenMP preloaded, one thread per physical core."""
    allocator = allocator_library(tuning.allocator)
    environment = {
        "LD_PRELOAD": f"{allocator}:{openmp_library(stack)}",
        "OMP_NUM_THREADS": str(len(machine.cores)),
    }
    if tuning.allocator == "jemalloc":
        environment["MALLOC_CONF"] = MALLOC_CONF
    return environment
