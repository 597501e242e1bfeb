"""Stand-ins for functions of other libraries: each test fails by its name when the library changes."""

from __future__ import annotations

from typing import Any

import cpuinfo.cpuinfo
import pytest

from perf.host.cpu_info import read_cpu

FIELDS = ("brand_raw", "vendor_id_raw", "family", "model", "stepping")


def test_py_cpuinfo_still_reads_proc_cpuinfo_without_timing_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure here means that py-cpuinfo has renamed or changed the private function that read_cpu is built on."""
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("py-cpuinfo waits"))
    monkeypatch.setattr(cpuinfo.cpuinfo, "_get_cpu_info_from_cpuid", lambda *_: pytest.fail("py-cpuinfo asks CPUID"))
    info = read_cpu()
    assert {name for name in FIELDS if name in info} == set(FIELDS)
    assert "sse2" in info["flags"]


def test_pytest_benchmark_still_describes_the_machine_as_platform_info_does(pytestconfig: pytest.Config) -> None:
    """A failure here means that pytest-benchmark has changed what it records, or asks another library for the CPU."""
    benchmark: Any = pytestconfig.pluginmanager.get_plugin("benchmark")
    expected = benchmark.pytest_benchmark_generate_machine_info()
    info = pytestconfig.hook.pytest_benchmark_generate_machine_info(config=pytestconfig)
    cpu, expected_cpu = info.pop("cpu"), expected.pop("cpu")
    assert info == expected
    assert {name: cpu[name] for name in FIELDS} == {name: expected_cpu[name] for name in FIELDS}
    assert set(cpu["flags"]) <= set(expected_cpu["flags"])
