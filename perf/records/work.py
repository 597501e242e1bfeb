"""Work, what a call of a model has to do: counted by a stack, and compared with the machine's limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Work:
    """The least that one call of a model has to do: floating-point operations, and the number of weights to read."""

    operations: int
    weights: int

    def repeated(self, calls: int) -> Work:
        """Return the work of ``calls`` calls, each of which reads the weights again."""
        return Work(operations=calls * self.operations, weights=calls * self.weights)

    def to_json(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)
