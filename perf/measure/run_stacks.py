"""The stacks of a run: those of its rows that are installed here, and those that make what a row's own cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from perf.host.stack import Stack, default_python, inspect_python
from perf.spec.ladder import MAKER
from perf.spec.variant import Variant

MAKES_CHECKPOINTS = {"torch", "diffusers"}
MAKES_EXPORTS = "optimum-intel"


def installed_stacks(variants: Sequence[Variant], overrides: Mapping[str, Path]) -> dict[str, Stack]:
    """Read the stacks of these variants that are installed here, by name, and the one that makes things for all.

    Args:
        variants: The variants to measure; each names its stack.
        overrides: Interpreters to use instead of a stack's default, by the stack's name.

    Raises:
        BadInput: An interpreter cannot be run.
    """
    stacks = {}
    for name in dict.fromkeys([*(variant.stack for variant in variants), MAKER]):
        python = overrides.get(name) or default_python(name)
        if python.exists():
            stacks[name] = inspect_python(name, python)
    return stacks


def makers(stacks: Iterable[Stack]) -> list[Stack]:
    """Return those of the stacks that can make a checkpoint, or else the one that does so here.

    Two stacks that are given for a comparison may be without torch. Raises BadInput if an interpreter cannot be run.
    """
    found = [stack for stack in stacks if can_make(stack)]
    return found or [stack for stack in installed_stacks([], {}).values() if can_make(stack)]


def can_make(stack: Stack) -> bool:
    """Tell whether a stack can make a checkpoint, and count the work of its models."""
    return stack.packages.keys() >= MAKES_CHECKPOINTS


def exporter(stacks: Iterable[Stack]) -> Stack | None:
    """Return the first of the stacks that can export a model to OpenVINO, or None."""
    return next((stack for stack in stacks if MAKES_EXPORTS in stack.packages), None)
