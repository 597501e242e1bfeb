"""A short campaign: one fault of each kind, from fixed seeds. The long one is ``tox run -e faults``."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from perf.exit_codes import ExitCode
from tests.faults.faults import FAULTS
from tests.faults.system_calls import is_available, run_with
from tests.faults.trial import Fault, run_trial
from tests.faults.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("faults") / "world"
    folder.mkdir()
    return World.make(folder)


@pytest.mark.parametrize(("seed", "fault"), list(enumerate(FAULTS)))
def test_whatever_breaks_nothing_is_harmed_and_the_next_run_is_well(
    world: World, tmp_path: Path, fault: Fault, seed: int
) -> None:
    trial = run_trial(world, tmp_path / "trial", fault, seed)
    assert not trial.failures, f"{trial}\n{trial.output}"


@pytest.mark.skipif(not is_available(), reason="needs a compiler for what is preloaded")
def test_no_room_for_the_folder_of_a_run_is_one_line(world: World, tmp_path: Path) -> None:
    copy = world.copy(tmp_path / "copy")
    ran = run_with(copy, {"CALL": "mkdir", "UNDER": copy.folder / "sd-xeon-perf-", "ERRNO": errno.EDQUOT})
    assert ran.code == ExitCode.BAD_INPUT
    assert "ERROR: [Errno 122] Disk quota exceeded: " in ran.output
    assert "INTERNALERROR" not in ran.output
