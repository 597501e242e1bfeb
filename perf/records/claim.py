"""Claim, one thing that a variant claims of itself, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


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


def worst_of(instances: Sequence[Sequence[Claim]]) -> list[Claim]:
    """Return the claims on the first of several instances, but for those that do not hold in another one, and where."""
    claims = {claim.name: claim for claim in instances[0]}
    for number, others in enumerate(instances[1:], start=2):
        for claim in others:
            if not claim.holds and (claim.name not in claims or claims[claim.name].holds):
                claims[claim.name] = Claim(claim.name, False, f"instance {number}: {claim.sentence}")
    return list(claims.values())
