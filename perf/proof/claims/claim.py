"""The facts that claims are checked with, and how a claim says what it expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from perf.host.machine import Machine
from perf.records.claim import Claim
from perf.records.evidence import Evidence, Kernel
from perf.records.sample import Session
from perf.spec.protocol import Protocol
from perf.spec.variant import Precision, Variant

PRECISIONS: Mapping[Precision, str] = {
    "fp32": "f32",
    "bf16-autocast": "bf16",
    "bf16-weights": "bf16",
    "fp16-weights": "f16",
}
HINT = "INFERENCE_PRECISION_HINT"
HINTS: Mapping[object, str] = {name: name for name in ("f32", "bf16", "f16")}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts that claims are checked with.

    ``machine`` is the part of it that the worker has. ``scheduler`` is the class of the checkpoint's own.
    """

    variant: Variant
    machine: Machine
    scheduler: str
    protocol: Protocol
    session: Session
    evidence: Evidence

    @property
    def products(self) -> list[Kernel]:
        """The matrix products and convolutions that the worker was seen to run."""
        return [kernel for kernel in self.evidence.kernels if kernel.is_product]

    @property
    def precision(self) -> str:
        """What the row should compute in here, in oneDNN's notation; OpenVINO chooses bfloat16 where the CPU has it.

        A row may tell it what to choose. Of a quantised row it is what everything computes in that is not in 8 bits.
        """
        told = self.variant.ov_config.get(HINT)
        if told in HINTS:
            return HINTS[told]
        if self.variant.precision == "chosen-by-backend":
            return "f32" if self.machine.bf16_isa is None else "bf16"
        return PRECISIONS[self.variant.precision]

    @property
    def isa(self) -> str | None:
        """The instruction set that this precision should run on; None of float32."""
        return {"bf16": self.machine.bf16_isa, "f16": self.machine.fp16_isa}.get(self.precision)


def expecting(name: str, holds: bool, observed: object, expected: object) -> Claim:
    """Return a claim whose sentence is what was observed, and what was expected where it does not hold."""
    return Claim(name, holds, f"{observed}" if holds else f"{observed}, expected {expected}")


def equal(name: str, observed: object, expected: object) -> Claim:
    """Return the claim that what was observed is what was expected."""
    return expecting(name, observed == expected, observed, expected)
