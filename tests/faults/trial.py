"""One trial of a campaign: a fault in a run, and the run after it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.world import Broken, Ran, World

IN_PAIRS = {"SILLY_VERSION": "0.1+silly"}  # not the baseline's: the rows are judged in pairs with their anchor
Fault = Callable[[World, random.Random], Broken]


@dataclass(frozen=True)
class Trial:
    """What was broken, how the run ended, and what did not hold; nothing where the fault was survived."""

    fault: str
    seed: int
    what: str
    code: int
    failures: tuple[str, ...]
    output: str

    def __str__(self) -> str:
        how = "; ".join(self.failures) or "survived"
        return f"{self.fault}, seed {self.seed}: {self.what}: exit code {self.code}: {how}"


def run_trial(world: World, folder: Path, fault: Fault, seed: int) -> Trial:
    """Break what the fault and the seed say in a copy of the world, and run once more, or go on, without it."""
    dice = random.Random(seed)
    copy = world.copy(folder)
    if dice.random() < 1 / 3:
        copy.environment = IN_PAIRS
    options = dice.choice(((), ("--resume",)))
    before = copy.digests()
    try:
        what, ran, killed = fault(copy, dice)
    except (AssertionError, OSError) as error:
        return Trial(fault.__name__, seed, "it", -1, (str(error),), copy.output)
    failures = copy.faults_after(ran, killed=killed, baseline=before)
    after = copy.run(*options)
    failures += [f"the next run: {failure}" for failure in next_failures(copy, after)]
    shutil.rmtree(folder, ignore_errors=True)
    return Trial(
        fault.__name__, seed, what, ran.code, tuple(failures), f"{ran.output}\n--- the next run\n{after.output}"
    )


def next_failures(world: World, after: Ran) -> list[str]:
    """Return what does not hold of the run after a fault: it measures both rows, and judges them as always."""
    failures = []
    if after.code != 0:
        failures.append(f"exit code {after.code}")
    failures += [verdict for verdict in ("regressed", "invalid", "improved") if f"  {verdict}: " in after.output]
    return failures
