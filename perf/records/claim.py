"""Claim, one thing that a variant claims of itself, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
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
