"""Settings and limits of the machine, read from the files of /proc and /sys below ``root``.

``None`` stands for what this kernel, or this virtual machine, does not report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path("/")
SYS_CPU = "sys/devices/system/cpu"
CGROUP_V1_UNLIMITED = 1 << 60  # memory.limit_in_bytes of a group without a limit is a little under 2**63


def read(path: Path) -> str | None:
    """Return the file's text without surrounding space, or None if it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError:
        return None


def microcode(root: Path = ROOT) -> str | None:
    """Return the revision of the CPU's microcode, in hexadecimal as the kernel prints it."""
    match = re.search(r"^microcode\s*: (\S+)$", read(root / "proc/cpuinfo") or "", re.MULTILINE)
    return match[1] if match else None


def bios(root: Path = ROOT) -> str | None:
    """Return version and date of the firmware, as its maker prints them; None where neither can be read."""
    dmi = root / "sys/class/dmi/id"
    parts = [text for name in ("bios_version", "bios_date") if (text := read(dmi / name))]
    return " of ".join(parts) or None


def governor(cpu: int, root: Path = ROOT) -> str | None:
    """Return the frequency governor of a CPU, such as powersave."""
    return read(root / SYS_CPU / f"cpu{cpu}" / "cpufreq/scaling_governor")


def turbo(root: Path = ROOT) -> bool | None:
    """Tell whether the clock may rise above its base rate: from intel_pstate, else from acpi-cpufreq."""
    no_turbo = read(root / SYS_CPU / "intel_pstate/no_turbo")
    if no_turbo is not None:
        return no_turbo == "0"
    boost = read(root / SYS_CPU / "cpufreq/boost")
    return None if boost is None else boost == "1"


def transparent_hugepages(root: Path = ROOT) -> str | None:
    """Return always, madvise or never: the word in brackets."""
    match = re.search(r"\[(\w+)\]", read(root / "sys/kernel/mm/transparent_hugepage/enabled") or "")
    return match[1] if match else None


def online(cpu: int, root: Path = ROOT) -> bool:
    """Tell whether the CPU is switched on; CPU 0 often has no switch and always is."""
    return read(root / SYS_CPU / f"cpu{cpu}" / "online") != "0"


def siblings(cpu: int, root: Path = ROOT) -> frozenset[int]:
    """Return the CPUs that share a core with ``cpu``, itself included."""
    return parse_cpu_list(read(root / SYS_CPU / f"cpu{cpu}" / "topology/thread_siblings_list") or str(cpu))


def parse_cpu_list(text: str) -> frozenset[int]:
    """Read the kernel's list format: ``0-3,8`` is CPUs 0 to 3 and 8."""
    cpus: set[int] = set()
    for part in text.split(","):
        if part:
            first, _, last = part.partition("-")
            cpus.update(range(int(first), int(last or first) + 1))
    return frozenset(cpus)


def cpu_list(cpus: Iterable[int]) -> str:
    """Return CPU numbers in the kernel's list format: 0 to 3 and 8 as ``0-3,8``."""
    numbers = sorted(cpus)
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    runs = zip(starts, ends, strict=True)
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def numa_nodes(root: Path = ROOT) -> frozenset[int]:
    """Return the numbers of the NUMA nodes, those without CPUs included."""
    return parse_cpu_list(read(root / "sys/devices/system/node/online") or "")


def swap_used_bytes(root: Path = ROOT) -> int:
    """Return how much swap is in use; 0 where there is none."""
    sizes = dict(re.findall(r"^(Swap\w+):\s+(\d+) kB$", read(root / "proc/meminfo") or "", re.MULTILINE))
    return (int(sizes.get("SwapTotal", 0)) - int(sizes.get("SwapFree", 0))) * 1024


def cpu_quota(root: Path = ROOT) -> float | None:
    """Return how many CPUs' worth of time this process's control groups grant, or None without a limit."""
    quotas = [_quota_v2(group) for group in _groups("", root)] + [_quota_v1(group) for group in _groups("cpu", root)]
    return min((quota for quota in quotas if quota is not None), default=None)


def memory_limit_bytes(root: Path = ROOT) -> int | None:
    """Return how much memory this process's control groups grant, or None without a limit."""
    limits = [read(group / "memory.max") for group in _groups("", root)]
    limits += [read(group / "memory.limit_in_bytes") for group in _groups("memory", root)]
    known = (int(limit) for limit in limits if limit and limit.isdigit())
    return min((limit for limit in known if limit < CGROUP_V1_UNLIMITED), default=None)


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Yield the folders of this process's control group and of all above it; the controller "" is cgroup v2."""
    base = root / "sys/fs/cgroup" / controller
    for line in (read(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            parts = Path(path.lstrip("/")).parts
            yield from (base.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1))


def _quota_v2(group: Path) -> float | None:
    quota, _, period = (read(group / "cpu.max") or "max").partition(" ")
    return None if quota == "max" else int(quota) / int(period)


def _quota_v1(group: Path) -> float | None:
    quota, period = read(group / "cpu.cfs_quota_us"), read(group / "cpu.cfs_period_us")
    return int(quota) / int(period) if quota and period and int(quota) > 0 else None
