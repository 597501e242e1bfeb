"""What a variant claims of itself, checked against what was read from its worker.

::

    claim       Claim, and the Facts that it is checked with
    computing   claims on what is computed and how: precision, instructions, formats, shapes, scheduler
    process     claims on the process: allocator, OpenMP, threads, CPUs, memory

The expectations follow the CPU: bfloat16 is claimed to run on AMX where the CPU has it, else on AVX-512 bf16; as
many threads are claimed as the row may use cores. A claim that does not hold makes the row invalid: its time is that of
something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perf.proof.claims import computing, process
from perf.proof.claims.claim import Claim, Facts

__all__ = ["Claim", "Facts", "check", "failed", "worst_of"]


def check(facts: Facts) -> list[Claim]:
    """Check the claims that this variant makes; return them in the order in which they explain each other."""
    claims = [make(facts) for make in (*computing.CLAIMS, *process.CLAIMS)]
    return [claim for claim in claims if claim is not None]


def failed(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that do not hold."""
    return [claim for claim in claims if not claim.holds]


def worst_of(instances: Sequence[Sequence[Claim]]) -> list[Claim]:
    """Return the claims on the first of several instances, but for those that do not hold in another one, and where."""
    claims = {claim.name: claim for claim in instances[0]}
    for number, others in enumerate(instances[1:], start=2):
        for claim in failed(others):
            if claim.name not in claims or claims[claim.name].holds:
                claims[claim.name] = Claim(claim.name, False, f"instance {number}: {claim.sentence}")
    return list(claims.values())
