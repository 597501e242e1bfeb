"""A short campaign: one fault of each kind, or two, from fixed seeds. The long one is ``tox run -e faults``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.faults import FAULTS
from tests.faults.trial import run_trial
from tests.faults.world import World

# The second are of faults that were not survived once.
SEEDS = (*range(2 * len(FAULTS)), 1039, 1047)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("faults") / "world"
    folder.mkdir()
    return World.make(folder)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_breaks_nothing_is_harmed_and_the_next_run_is_well(world: World, tmp_path: Path, seed: int) -> None:
    trial = run_trial(world, tmp_path / "trial", seed)
    assert not trial.failures, f"{trial}\n{trial.output}"
