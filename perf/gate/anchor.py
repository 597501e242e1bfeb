"""The reference side of a comparison with a row's anchor: stack, code and launch of when its baseline was accepted.

What cannot be had is said in ``caveats``, and then is the same on both sides. Without the stack there is no comparison.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from perf.compare.side_pair import Role, Side, SidePair, stack_for_worker
from perf.errors import BadInput
from perf.gate.baseline_row import BaselineRow
from perf.host import anchors
from perf.host.anchor_code import SHOWN_DIGITS, code_of
from perf.host.anchor_uses import note_use
from perf.host.anchors import Recipe
from perf.host.machine import Machine
from perf.host.stack import ROOT, Stack, package_changes
from perf.host.worker_code import wire_version, worker_digest
from perf.measure.command import Origin, launch_differences
from perf.records.launch import Launch, launch_changes
from perf.spec.variant import Variant


@dataclass(frozen=True, kw_only=True)
class AnchoredRow:
    """A row of this run: ``stack`` is the one in use, ``before`` its row in the baseline file ``path``."""

    variant: Variant
    path: Path
    before: BaselineRow
    stack: Stack

    @property
    def recipe(self) -> Recipe:
        """The anchor's stack."""
        return Recipe.of(self.before.stack)


@dataclass(frozen=True, kw_only=True)
class ReferenceSide:
    """What the reference workers of a row run with, and what of the anchor they have not (``caveats``)."""

    stack: Stack
    origin: Origin
    caveats: tuple[str, ...]

    def pair_with(self, candidate: Side) -> SidePair:
        """Return both sides of a row to measure in turns."""
        reference = Side(variant=candidate.variant, stack=self.stack, origin=self.origin)
        return SidePair(reference=reference, candidate=candidate)


def software_changes(
    before: BaselineRow, stack: Stack, launch: Launch | None = None, worker: str | None = None
) -> list[str]:
    """List in what the software differs from that of the row's baseline, as far as is known before it is measured.

    Args:
        before: the row of the baseline; what it does not have is not compared.
        stack: the stack in use.
        launch: how the row's workers are started here (perf.measure.command.launch_here).
        worker: the digest of the worker's code, where it is not this tree's.
    """
    changes = package_changes(before.stack["packages"], stack.packages)
    if before.stack["python_version"] != stack.python_version:
        changes.append(f"Python {before.stack['python_version']} -> {stack.python_version}")
    worker = worker or worker_digest()
    if before.worker not in (None, worker):
        changes.append(f"the suite's own code in the worker {before.worker} -> {worker}")
    if before.launch and launch:
        changes += launch_changes(before.launch, launch)
    return changes


def prepare(
    rows: Iterable[AnchoredRow], machine: Machine, say: Callable[[str], None]
) -> dict[str, ReferenceSide | BadInput]:
    """Make the anchors of these rows ready, before the first is measured: variant name -> its reference, or why not.

    Rows of one stack share its anchor, and the reason if it cannot be made. ``say`` gets a line before pip works, which
    may take minutes.
    """
    stacks: dict[tuple[str, str], Stack | BadInput] = {}
    references: dict[str, ReferenceSide | BadInput] = {}
    rows = list(rows)
    _note_uses(rows, say)
    for row in rows:
        key = (row.recipe.digest, row.stack.python)
        if key not in stacks:
            stacks[key] = _anchor_stack(row, say)
        stack = stacks[key]
        if isinstance(stack, BadInput):
            references[row.variant.name] = stack
        else:
            references[row.variant.name] = reference_side(row, stack, machine)
    return references


def _note_uses(rows: Sequence[AnchoredRow], say: Callable[[str], None]) -> None:
    """Note which rows use which anchors, before one is made: what is made without a note is nobody's."""
    users: defaultdict[tuple[str, Path], list[AnchoredRow]] = defaultdict(list)
    for row in rows:
        if not row.recipe.is_of(row.stack):
            users[row.recipe.digest, row.path].append(row)
    for (_, path), using in users.items():
        if line := note_use(using[0].recipe, path.absolute(), [row.variant.name for row in using]):
            say(line)


def _anchor_stack(row: AnchoredRow, say: Callable[[str], None]) -> Stack | BadInput:
    """Return the row's anchor, which is made unless it is there, or the reason why it cannot be had."""
    recipe = row.recipe
    if recipe.is_of(row.stack):
        return row.stack  # its code or its launch differ, not its packages
    if not anchors.is_made(recipe):
        say(f"{row.variant.name}: making the stack of its baseline again, to measure the two in turns")
    try:
        return stack_for_worker(Role.REFERENCE, anchors.make(recipe, row.stack))
    except BadInput as error:
        return error


def reference_side(row: AnchoredRow, stack: Stack, machine: Machine) -> ReferenceSide:
    """Return what the row's reference workers run with: its anchor's ``stack``, and where possible code and launch."""
    code, no_code = _anchor_code(row.before)
    launch, no_launch = _anchor_launch(row, stack, machine)
    caveats = [*_other_python(row.before, stack), *no_code, *no_launch]
    return ReferenceSide(stack=stack, origin=Origin(code=code, launch=launch), caveats=tuple(caveats))


def _other_python(before: BaselineRow, stack: Stack) -> list[str]:
    """Say that the anchor's Python is of another patch release, or that there is nothing to say."""
    wanted = before.stack["python_version"]
    if wanted == stack.python_version:
        return []
    return [f"the reference runs Python {stack.python_version}: {wanted} is not installed here"]


def _anchor_code(before: BaselineRow) -> tuple[Path, Sequence[str]]:
    """Return the folder with the suite's code that the anchor ran, or this tree's and the reason."""
    if before.worker == worker_digest():
        return ROOT, []
    if before.worker is None:
        return ROOT, [_packages_alone("the baseline does not say which code measured it")]
    if before.commit is None:
        return ROOT, [_packages_alone("the baseline does not name the commit of its worker's code")]
    try:
        code = code_of(before.commit)
    except BadInput as error:
        return ROOT, [_packages_alone(str(error).splitlines()[0])]
    there, here = wire_version(code), wire_version()
    if there != here:
        spoken = (
            f"speaks version {there} of the wire" if there is not None else "speaks no numbered version of the wire"
        )
        return ROOT, [_packages_alone(f"the worker of {before.commit[:SHOWN_DIGITS]} {spoken}, this one {here}")]
    return code, []


def _packages_alone(reason: str) -> str:
    return f"packages alone were compared, with the worker's code of today: {reason}"


def _anchor_launch(row: AnchoredRow, stack: Stack, machine: Machine) -> tuple[Launch | None, Sequence[str]]:
    """Return how the anchor's workers were started, or None for as they are today, and what could not be the same."""
    launch = row.before.launch
    if launch is None:
        return None, []
    if elsewhere := launch.cpus - os.sched_getaffinity(0):
        numbers = ", ".join(map(str, sorted(elsewhere)))
        return None, [f"both were started as today: the baseline's launch binds to CPUs that are not here ({numbers})"]
    differences = launch_differences(launch, row.variant, stack, machine)
    return launch, [f"the reference was not started quite as then: {change}" for change in differences]
