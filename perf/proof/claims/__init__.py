"""What a variant says of itself, held against what was read from its worker.

The expectations follow the CPU: bfloat16 is claimed to run on AMX where the CPU has it, else on AVX-512 bf16; threads
are claimed as many as the cores that the row may use. A claim that does not hold makes the row invalid: its time is of
something else than it says.
"""

from __future__ import annotations

from collections.abc import Iterable

from perf.proof.claims import computing, process
from perf.proof.claims.claim import Claim, Facts

__all__ = ["Claim", "Facts", "check", "failed"]


def check(facts: Facts) -> list[Claim]:
    """The claims that this variant makes, in the order in which they explain each other."""
    return [claim for make in (*computing.CLAIMS, *process.CLAIMS) if (claim := make(facts)) is not None]


def failed(claims: Iterable[Claim]) -> list[Claim]:
    return [claim for claim in claims if not claim.holds]
