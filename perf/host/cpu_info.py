"""The CPU and the platform as other libraries describe them, without the second that they spend timing the clock.

Both functions stand in for a library's own, whose public entry keeps a core busy for that second. That spoils the
first measurement, and nothing here uses the clock's rate.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import cpuinfo.cpuinfo


def read_cpu() -> Mapping[str, Any]:
    """Read /proc/cpuinfo by py-cpuinfo, under py-cpuinfo's names; nothing where that file is missing.

    Its public ``get_cpu_info`` times the clock, and adds by CPUID the instruction sets that the kernel has switched
    off. The function below it is private, and has no public counterpart.
    """
    fields: Mapping[str, Any] = cpuinfo.cpuinfo._get_cpu_info_from_proc_cpuinfo()
    return fields


def platform_info() -> dict[str, Any]:
    """Describe this machine as ``pytest_benchmark_generate_machine_info`` does, with the CPU from ``read_cpu``."""
    return {
        "node": platform.node(),
        "processor": platform.processor(),
        "machine": platform.machine(),
        "python_compiler": platform.python_compiler(),
        "python_implementation": platform.python_implementation(),
        "python_implementation_version": platform.python_version(),
        "python_version": platform.python_version(),
        "python_build": platform.python_build(),
        "release": platform.release(),
        "system": platform.system(),
        "cpu": dict(read_cpu()),
    }
