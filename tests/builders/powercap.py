"""Small trees of the kernel's energy counters: as it lays them out below /sys, links included."""

from __future__ import annotations

from pathlib import Path

from tests.builders.trees import tree

POWERCAP = "sys/class/powercap"
DEVICES = "sys/devices/virtual/powercap"

# As machines show them: zone, name, energy_uj, max_energy_range_uj. A socket's number need not be its zone's.
TWO_SOCKETS = """
intel-rapl:0    package-1  226618687799  262143328850
intel-rapl:0:0  dram        60279115781   65712999613
intel-rapl:1    package-0  181795825861  262143328850
intel-rapl:1:0  dram        58966008642   65712999613
"""
CASCADE_LAKE_AP = """
intel-rapl:0    package-0-die-0  226618687799  262143328850
intel-rapl:0:0  dram              60279115781   65712999613
intel-rapl:1    package-0-die-1  181795825861  262143328850
intel-rapl:1:0  dram              58966008642   65712999613
"""
AMD = """
intel-rapl:0    package-0  64930873566  65532610987
intel-rapl:0:0  core       31041919121  65532610987
"""
CLIENT = """
intel-rapl:0       package-0  26963529117  262143328850
intel-rapl:0:0     core        7980278886  262143328850
intel-rapl:0:1     uncore      6564982278  262143328850
intel-rapl:1       psys       93287000000  262143328850
intel-rapl-mmio:0  package-0  26963529117  262143328850
"""
WITHOUT_PACKAGES = ""


def powercap(root: Path, listing: str) -> Path:
    """Make a machine's counters below ``root``, and return it."""
    (root / POWERCAP).mkdir(parents=True, exist_ok=True)
    for line in filter(None, listing.splitlines()):
        zone, name, shown_uj, range_uj = line.split()
        device = _device(zone)
        files = {"name": name, "energy_uj": shown_uj, "max_energy_range_uj": range_uj}
        tree(root, {f"{device}/{file}": text for file, text in files.items()})
        _link(root, device)
    for control_type in {line.partition(":")[0] for line in filter(None, listing.splitlines())}:
        _link(root, Path(DEVICES, control_type))
    return root


def _link(root: Path, device: Path) -> None:
    (root / POWERCAP / device.name).symlink_to(Path("../..") / device.relative_to("sys"))


def counter(root: Path, zone: str) -> Path:
    """Return the file that a zone, such as ``intel-rapl:0:0``, is counted in."""
    return root / _device(zone) / "energy_uj"


def advance(root: Path, zone: str, used_uj: int) -> None:
    """Move a counter on, which begins anew after the last number of its range."""
    file = counter(root, zone)
    range_uj = int((file.parent / "max_energy_range_uj").read_text())
    file.write_text(f"{(int(file.read_text()) + used_uj) % (range_uj + 1)}\n")


def _device(zone: str) -> Path:
    """Return the folder of a zone, within those of the zones above it."""
    control_type, *numbers = zone.split(":")
    above = [":".join([control_type, *numbers[: depth + 1]]) for depth in range(len(numbers))]
    return Path(DEVICES, control_type, *above)
