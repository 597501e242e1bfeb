"""Energy, what the machine used while an image was made."""

from __future__ import annotations

from dataclasses import dataclass

from perf.records.checks import check_number

# Of one package, or of the memory at one, and four times what the largest has today: 500 W for Xeon 6980P (Granite
# Rapids) and EPYC 9965 (Turin) by their data sheets. A counter that moves faster has not counted.
MOST_W = 2000.0


@dataclass(frozen=True, kw_only=True)
class Energy:
    """The joules of one generation: of all packages of the machine together, and of all memory.

    ``dram_j`` is None where the machine does not count its memory's, as AMD's do not. The machine's idle power is part
    of both.
    """

    package_j: float
    dram_j: float | None = None

    def __post_init__(self) -> None:
        check_number("package_j", self.package_j)
        if self.dram_j is not None:
            check_number("dram_j", self.dram_j, may_be_zero=True)

    def per(self, images: float) -> Energy:
        """Return the share of one of so many images."""
        return Energy(package_j=self.package_j / images, dram_j=None if self.dram_j is None else self.dram_j / images)

    @property
    def total_j(self) -> float:
        """The joules of the packages, and of the memory where they are counted."""
        return self.package_j + (self.dram_j or 0.0)
