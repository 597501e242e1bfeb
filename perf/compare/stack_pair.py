"""The two stacks of a comparison, and which is which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from perf.errors import BadInput
from perf.host.stack import Stack, inspect_python
from perf.measure.command import HERE, Origin

NEEDED = ("torch", "diffusers", "transformers", "numpy", "filelock")  # by every worker
OLDEST_PYTHON = (3, 11)  # that can run a worker


class Role(StrEnum):
    """What a stack is in a comparison; also the name of its generation in a Pair, and in JSON."""

    REFERENCE = "reference"
    CANDIDATE = "candidate"

    def name_in_errors(self, variant: str) -> str:
        """Return what an error calls the worker of a variant in this role."""
        return f"{variant}, {self}"


@dataclass(frozen=True, kw_only=True)
class StackPair:
    """The stack in use, and the one that may take its place.

    ``origin`` is what the reference's workers are started from; the candidate's are always started from this tree.
    """

    reference: Stack
    candidate: Stack
    origin: Origin = HERE

    def of(self, role: Role) -> Stack:
        """Return the stack of that role."""
        return self.candidate if role is Role.CANDIDATE else self.reference

    def origin_of(self, role: Role) -> Origin:
        """Return what the workers of that role are started from."""
        return HERE if role is Role.CANDIDATE else self.origin


def stack_for_worker(role: Role, python: Path) -> Stack:
    """Return the stack of an interpreter in which a worker can run. Raises BadInput if none could."""
    stack = inspect_python(role, python)
    version = tuple(map(int, stack.python_version.split(".")[:2]))
    if version < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise BadInput(f"{role}: {stack.python} is Python {stack.python_version}; workers need {oldest} or newer")
    if lacking := [name for name in NEEDED if name not in stack.packages]:
        raise BadInput(f"{role}: {stack.python} lacks {', '.join(lacking)}: it cannot run Stable Diffusion")
    return stack
