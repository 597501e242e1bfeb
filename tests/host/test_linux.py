"""What /proc and /sys say, from small trees of such files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from perf.host import linux
from tests.builders.trees import CPU, tree


def test_a_kernel_that_says_nothing(tmp_path: Path) -> None:
    assert linux.microcode(tmp_path) is None
    assert linux.bios(tmp_path) is None
    assert linux.governor(0, tmp_path) is None
    assert linux.turbo(tmp_path) is None
    assert linux.transparent_hugepages(tmp_path) is None
    assert linux.cpu_quota(tmp_path) is None
    assert linux.memory_limit_bytes(tmp_path) is None
    assert linux.swap_used_bytes(tmp_path) == 0
    assert linux.siblings(3, tmp_path) == {3}
    assert linux.online(3, tmp_path)
    assert linux.numa_nodes(tmp_path) == set()


@pytest.mark.parametrize(
    ("files", "turbo"),
    [
        ({f"{CPU}/intel_pstate/no_turbo": "0"}, True),
        ({f"{CPU}/intel_pstate/no_turbo": "1", f"{CPU}/cpufreq/boost": "1"}, False),
        ({f"{CPU}/cpufreq/boost": "1"}, True),
        ({f"{CPU}/cpufreq/boost": "0"}, False),
    ],
)
def test_turbo(tmp_path: Path, files: Mapping[str, str], turbo: bool) -> None:
    assert linux.turbo(tree(tmp_path, files)) is turbo


def test_hugepages_are_the_word_in_brackets(tmp_path: Path) -> None:
    root = tree(tmp_path, {"sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never"})
    assert linux.transparent_hugepages(root) == "madvise"


@pytest.mark.parametrize(
    ("files", "bios"),
    [
        ({"bios_version": "1.7", "bios_date": "03/14/2026"}, "1.7 of 03/14/2026"),
        ({"bios_date": "03/14/2026"}, "03/14/2026"),
    ],
)
def test_the_firmware(tmp_path: Path, files: Mapping[str, str], bios: str) -> None:
    root = tree(tmp_path, {f"sys/class/dmi/id/{name}": text for name, text in files.items()})
    assert linux.bios(root) == bios


def test_swap(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/meminfo": "MemTotal: 8 kB\nSwapTotal:       2048 kB\nSwapFree:        1024 kB"})
    assert linux.swap_used_bytes(root) == 1024 * 1024


@pytest.mark.parametrize(("text", "cpus"), [("0-3,8", {0, 1, 2, 3, 8}), ("5", {5}), ("0,2", {0, 2}), ("", set())])
def test_cpu_lists(text: str, cpus: set[int]) -> None:
    assert linux.parse_cpu_list(text) == cpus


def test_limits_of_cgroup_v2_are_the_tightest_on_the_way_up(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/kube/pod",
            "sys/fs/cgroup/kube/pod/cpu.max": "max 100000",
            "sys/fs/cgroup/kube/cpu.max": "150000 100000",
            "sys/fs/cgroup/kube/pod/memory.max": "8589934592",
            "sys/fs/cgroup/kube/memory.max": "max",
        },
    )
    assert linux.cpu_quota(root) == 1.5
    assert linux.memory_limit_bytes(root) == 8 * 1024**3


def test_limits_of_cgroup_v1(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/job\n2:cpu,cpuacct:/job\n0::/",
            "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "400000",
            "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "4294967296",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        },
    )
    assert linux.cpu_quota(root) == 4.0
    assert linux.memory_limit_bytes(root) == 4 * 1024**3


@pytest.mark.parametrize(
    ("cpus", "listed"),
    [((), ""), ((3,), "3"), ((0, 1), "0-1"), ((0, 2, 4), "0,2,4"), ((8, 3, 2, 1, 10, 9), "1-3,8-10")],
)
def test_cpus_are_listed_as_the_kernel_does(cpus: tuple[int, ...], listed: str) -> None:
    assert linux.cpu_list(cpus) == listed
    assert linux.parse_cpu_list(listed) == set(cpus)
