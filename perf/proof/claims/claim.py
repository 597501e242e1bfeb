"""A claim, and the facts that it is checked with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from perf.host.machine import Machine
from perf.records.evidence import Evidence, Kernel
from perf.records.sample import Session
from perf.spec.variant import Variant


@dataclass(frozen=True)
class Claim:
    """One thing that a variant claims of itself, whether it holds, and what was observed, in a sentence."""

    name: str
    holds: bool
    sentence: str

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "holds": self.holds, "says": self.sentence}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["name"], data["holds"], data["says"])


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts that claims are checked with.

    ``scheduler`` is the class of the checkpoint's own, ``steps`` the denoising steps of a timed generation.
    """

    variant: Variant
    machine: Machine
    scheduler: str
    steps: int
    session: Session
    evidence: Evidence

    @property
    def products(self) -> list[Kernel]:
        """The matrix products and convolutions that the worker was seen to run."""
        return [kernel for kernel in self.evidence.kernels if kernel.is_product]

    @property
    def computes_in_bf16(self) -> bool:
        """Whether the row should run in bfloat16 here; OpenVINO chooses it where the CPU has it."""
        if self.variant.precision == "chosen-by-backend":
            return self.machine.bf16_isa is not None
        return self.variant.torch_bf16


def expecting(name: str, holds: bool, observed: object, expected: object) -> Claim:
    """Return a claim whose sentence is what was observed, and what was expected where it does not hold."""
    return Claim(name, holds, f"{observed}" if holds else f"{observed}, expected {expected}")


def equal(name: str, observed: object, expected: object) -> Claim:
    """Return the claim that what was observed is what was expected."""
    return expecting(name, observed == expected, observed, expected)
