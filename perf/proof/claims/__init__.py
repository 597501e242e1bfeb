"""What a variant claims of itself, checked against what was read from its worker.

::

    claim       the Facts that a claim is checked with
    computing   claims on what is computed and how: precision, instructions, formats, shapes, scheduler
    process     claims on the process: allocator, OpenMP, threads, CPUs, memory

The expectations follow the CPU: bfloat16 is claimed to run on AMX where the CPU has it, else on AVX-512 bf16; as
many threads are claimed as the row may use cores. A claim that does not hold makes the row invalid: its time is that of
something else.
"""

from __future__ import annotations

from collections.abc import Iterable

from perf.proof.claims import computing, process
from perf.proof.claims.claim import Facts
from perf.records.claim import Claim

__all__ = ["Claim", "Facts", "check", "failed"]


def check(facts: Facts) -> list[Claim]:
    """Check the claims that this variant makes; return them in the order in which they explain each other."""
    claims = [make(facts) for make in (*computing.CLAIMS, *process.CLAIMS)]
    return [claim for claim in claims if claim is not None]


def failed(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that do not hold."""
    return [claim for claim in claims if not claim.holds]
