"""A claim, and the facts that it is checked with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from perf.host.machine import Machine
from perf.records.evidence import Evidence, Kernel
from perf.records.sample import Session
from perf.spec.variant import Variant


@dataclass(frozen=True)
class Claim:
    """One thing that a variant says of itself, whether it is so, and what was found, in a sentence."""

    name: str
    holds: bool
    says: str

    def __str__(self) -> str:
        return f"{self.name}: {self.says}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What claims are checked with. ``scheduler`` is the checkpoint's own, by its class."""

    variant: Variant
    machine: Machine
    scheduler: str
    steps: int
    session: Session
    evidence: Evidence

    @property
    def products(self) -> list[Kernel]:
        return [kernel for kernel in self.evidence.kernels if kernel.is_product]

    @property
    def computes_in_bf16(self) -> bool:
        """Whether bfloat16 is what the row should run in here; OpenVINO takes it where the CPU has it."""
        chosen = self.variant.precision == "chosen-by-backend" and self.machine.bf16_isa is not None
        return self.variant.torch_bf16 or chosen


def expecting(name: str, holds: bool, found: object, wanted: object) -> Claim:
    """A claim that says what was expected where something else was found."""
    return Claim(name, holds, f"{found}" if holds else f"{found}, expected {wanted}")


def equal(name: str, found: object, wanted: object) -> Claim:
    """The claim that what was found is what was wanted."""
    return expecting(name, found == wanted, found, wanted)
