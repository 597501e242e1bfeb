"""Work, what a call of a model has to do: counted by a stack, and compared with the machine's limit."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from perf.records.checks import check_number


@dataclass(frozen=True, kw_only=True)
class Work:
    """The least that one call of a model has to do: floating-point operations, and the number of weights to read."""

    operations: int
    weights: int

    def __post_init__(self) -> None:
        check_number("operations", self.operations)
        check_number("weights", self.weights, may_be_zero=True)

    def repeated(self, calls: int) -> Work:
        """Return the work of ``calls`` calls, each of which reads the weights again."""
        return Work(operations=calls * self.operations, weights=calls * self.weights)

    def __add__(self, other: Work) -> Work:
        """Return the work of a call of each."""
        return Work(operations=self.operations + other.operations, weights=self.weights + other.weights)

    def to_json(self) -> dict[str, int]:
        return asdict(self)
