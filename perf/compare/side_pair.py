"""The two sides of a comparison, each a row in a stack, and which is which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from perf.errors import BadInput
from perf.host.stack import Stack, inspect_python
from perf.measure.command import HERE, Origin
from perf.spec.variant import Variant

# By every worker, and by those with torch; GenAI's has none.
NEEDED, WITH_TORCH, WITHOUT = ("numpy", "filelock"), ("torch", "diffusers", "transformers"), "openvino-genai"
OLDEST_PYTHON = (3, 11)  # that can run a worker


class Role(StrEnum):
    """What a side is in a comparison; also the name of its generation in a Pair, and in JSON."""

    REFERENCE = "reference"
    CANDIDATE = "candidate"


@dataclass(frozen=True, kw_only=True)
class Side:
    """What the workers of one side are: a row, the stack that runs it, and what they are started from."""

    variant: Variant
    stack: Stack
    origin: Origin = HERE


@dataclass(frozen=True, kw_only=True)
class SidePair:
    """What is in use, and what may take its place: the same row in two stacks, or two rows, each in its own."""

    reference: Side
    candidate: Side

    def of(self, role: Role) -> Side:
        """Return the side of that role."""
        return self.candidate if role is Role.CANDIDATE else self.reference

    @property
    def has_two_rows(self) -> bool:
        """Whether the sides are different rows, which need not have the memory, the kernels or the parts in common."""
        return self.reference.variant != self.candidate.variant

    @property
    def why_apart(self) -> str | None:
        """Why the workers cannot take turns, or None: GenAI calls back between steps, and does not wait."""
        names = [side.variant.name for side in (self.reference, self.candidate) if side.variant.backend == "genai"]
        return f"{names[0]} cannot be stopped between two steps" if names else None

    def name_in_errors(self, role: Role) -> str:
        """Return what an error calls the worker of that side."""
        return f"{self.of(role).variant.name}, {role}"


def stack_for_worker(role: Role, python: Path) -> Stack:
    """Return the stack of an interpreter in which a worker can run. Raises BadInput if none could."""
    stack = inspect_python(role, python)
    version = tuple(map(int, stack.python_version.split(".")[:2]))
    if version < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise BadInput(f"{role}: {stack.python} is Python {stack.python_version}; workers need {oldest} or newer")
    needed = NEEDED if WITHOUT in stack.packages or stack.backends else (*WITH_TORCH, *NEEDED)
    if lacking := [name for name in needed if name not in stack.packages]:
        raise BadInput(f"{role}: {stack.python} lacks {', '.join(lacking)}: it cannot run Stable Diffusion")
    return stack
