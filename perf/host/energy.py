"""The energy counters of the machine: RAPL, as the kernel's powercap class shows it below /sys/class/powercap.

The zones that count are the packages (``package-0``; ``package-0-die-0`` where a package has several dies) and the
memory at each (``dram``). All packages are read: a worker on one socket does not switch the other one off. Not counted,
since the joules would be counted twice: ``core`` and ``uncore``, which the package contains, ``psys``, which contains
the packages, and the zones of intel-rapl-mmio, which are the same packages by another door. AMD's packages come through
intel-rapl too, without their memory. https://docs.kernel.org/power/powercap/powercap.html

A counter goes up to ``max_energy_range_uj`` and begins anew, every few minutes under load. $PERF_POWERCAP names another
folder: a container does not see the machine's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perf.errors import BadCounter
from perf.host import linux
from perf.records.energy import MOST_W

VARIABLE = "PERF_POWERCAP"
POWERCAP = "sys/class/powercap"
GUIDE = "docs/how-to/measure-energy.md"

# In the class folder all zones lie side by side, as links; in the folder of the control type, one within the other.
PLACES = (
    "intel-rapl:*",
    "intel-rapl:*/intel-rapl:*",
    "intel-rapl/intel-rapl:*",
    "intel-rapl/intel-rapl:*/intel-rapl:*",
)
PACKAGE = re.compile(r"package-\d+(-die-\d+)?")
DRAM = "dram"

# The kernel renews a counter about once in a millisecond, some once in more: a short interval may hold the joules of a
# longer one.
LAG_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One counter: ``name`` is what it is shown by, and ``range_uj`` the microjoules after which it begins anew."""

    name: str
    folder: Path
    range_uj: int
    is_dram: bool

    @property
    def wraps_after_s(self) -> float:
        """The least seconds in which it can have begun anew twice, or been passed unnoticed."""
        return self.range_uj / 1e6 / MOST_W

    def read_uj(self) -> int:
        """Return what it shows now. Raises BadCounter."""
        try:
            shown_uj = _number(self.folder / "energy_uj")
        except OSError as error:
            raise BadCounter(self.name, "cannot be read any more", str(error)) from None
        except ValueError as error:
            raise BadCounter(self.name, "does not show a number", str(error)) from None
        if shown_uj > self.range_uj:
            raise BadCounter(self.name, "is beyond its range", f"{shown_uj} uJ, and its range is {self.range_uj}")
        return shown_uj

    def used_j(self, before_uj: int, after_uj: int, seconds: float) -> float:
        """Return the joules between two readings that are so many seconds apart. Raises BadCounter.

        One that shows less than before has begun anew once, if it can have had the time for no more.
        """
        if seconds > self.wraps_after_s:
            raise BadCounter(
                self.name,
                "may have begun anew more than once",
                f"{seconds:.0f} s between two readings, and it can begin anew every {self.wraps_after_s:.0f} s",
            )
        used_j = (after_uj - before_uj) % (self.range_uj + 1) / 1e6
        if used_j > MOST_W * (seconds + LAG_S):
            raise BadCounter(self.name, "jumped", f"from {before_uj} to {after_uj} uJ in {seconds:.3g} s")
        return used_j


@dataclass(frozen=True)
class Hidden:
    """Why no energy can be read here, and what the machine's owner can do about it."""

    why: str
    remedy: str

    def __str__(self) -> str:
        return f"energy is not measured: {self.why}; {self.remedy}"


def powercap(root: Path = linux.ROOT) -> Path:
    """Return the folder that the kernel shows its counters in."""
    return Path(os.environ.get(VARIABLE) or root / POWERCAP)


def zones(root: Path = linux.ROOT) -> tuple[Zone, ...] | Hidden:
    """Return the counters of packages and memory, if all of them can be read, or why they cannot.

    Where one cannot, none is counted: a sum without it would be another quantity.
    """
    counted = _counted(powercap(root))
    if not any(PACKAGE.fullmatch(name) for name in counted.values()):
        return _without_package(root)
    found = []
    for path, name in counted.items():
        try:
            found.append(_zone(path, name, counted))
        except (OSError, ValueError) as error:
            return _unreadable(path / "energy_uj", error)
    return tuple(found)


def why_hidden(root: Path = linux.ROOT) -> Hidden | None:
    """Return why no energy can be read on this machine, None where it can."""
    known = zones(root)
    return known if isinstance(known, Hidden) else None


def _counted(folder: Path) -> dict[Path, str]:
    """Return the folders of packages and memory, each once, in the order of their numbers, and their names."""
    places: dict[str, Path] = {}
    for pattern in PLACES:
        for path in folder.glob(pattern):
            places.setdefault(path.name, path)
    names = {places[key]: linux.read(places[key] / "name") for key in sorted(places, key=_numbers)}
    return {path: name for path, name in names.items() if name and (PACKAGE.fullmatch(name) or name == DRAM)}


def _numbers(name: str) -> list[int]:
    """Return the 1 and 0 of ``intel-rapl:1:0``."""
    return [int(number) for number in re.findall(r"\d+", name)]


def _zone(path: Path, name: str, counted: Mapping[Path, str]) -> Zone:
    """Return a zone that can be read. Raises OSError, ValueError."""
    _number(path / "energy_uj")
    above = {each.name: of for each, of in counted.items()}.get(path.name.rpartition(":")[0])
    range_uj = _number(path / "max_energy_range_uj")
    if range_uj < 1:
        raise ValueError(f"max_energy_range_uj is {range_uj}")
    full_name = f"{name} of {above}" if name == DRAM and above else name
    return Zone(name=full_name, folder=path, range_uj=range_uj, is_dram=name == DRAM)


def _number(path: Path) -> int:
    """Return the whole number in a file. Raises OSError, ValueError."""
    text = path.read_text().strip()
    if not text.isdecimal():
        raise ValueError(f"{path} shows {text[:40]!r}")
    return int(text)


def _without_package(root: Path) -> Hidden:
    folder = powercap(root)
    if "hypervisor" in (linux.read(root / "proc/cpuinfo") or "").split():
        return Hidden(f"this virtual machine shows no RAPL ({folder} has no package)", "measure on bare metal")
    return Hidden(
        f"{folder} has no package", f"load the module intel_rapl_msr, or let the container see the folder: {GUIDE}"
    )


def _unreadable(path: Path, error: OSError | ValueError) -> Hidden:
    if isinstance(error, PermissionError):
        return Hidden(f"{path} belongs to root (since CVE-2020-8694)", f"a udev rule opens it: {GUIDE}")
    return Hidden(f"{path} cannot be read ({error})", f"what it takes: {GUIDE}")
