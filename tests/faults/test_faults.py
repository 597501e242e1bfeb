"""A short campaign: one fault of each kind, from fixed seeds. The long one is ``tox run -e faults``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.faults import FAULTS, limit_what_can_be_written, spoil_the_cache
from tests.faults.trial import Fault, run_trial
from tests.faults.world import World

# The second are those that were not survived once.
TRIALS = (
    *((fault, seed) for seed, fault in enumerate(FAULTS)),
    (spoil_the_cache, 1039),
    (limit_what_can_be_written, 1047),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("faults") / "world"
    folder.mkdir()
    return World.make(folder)


@pytest.mark.parametrize(("fault", "seed"), TRIALS)
def test_whatever_breaks_nothing_is_harmed_and_the_next_run_is_well(
    world: World, tmp_path: Path, fault: Fault, seed: int
) -> None:
    trial = run_trial(world, tmp_path / "trial", fault, seed)
    assert not trial.failures, f"{trial}\n{trial.output}"
