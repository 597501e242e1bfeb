"""Joules per image as a user gets them: counters that silly workers move, by so much for every request.

Whatever the clock does, a generation is one request, and one in turns is five; loads and inspections move the counters
too, and belong to no image.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from perf.records.energy import Energy
from tests.builders.gate_runs import Options, baseline_file, recorded, said_verdict
from tests.builders.powercap import AMD, POWERCAP, TWO_SOCKETS, counter, powercap
from tests.builders.runs import HERE, PAIRS_SUITE, SILLY_PYTHON, RunLadder, run_suite_in

USED_UJ = {"intel-rapl:0": 20_000_061, "intel-rapl:0:0": 1_500_000, "intel-rapl:1": 15_000_000, "intel-rapl:1:0": 500}
PACKAGES_J, DRAMS_J = 35.000061, 1.5005  # by hand, of one request
REQUESTS_IN_TURNS = 5


def using(root: Path, used_uj: Mapping[str, int] = USED_UJ) -> dict[str, str]:
    """Return the environment of workers that use so much for every request."""
    return {"SILLY_ENERGY": json.dumps({str(counter(root, zone)): used for zone, used in used_uj.items()})}


def machine(root: Path, listing: str = TWO_SOCKETS, used_uj: Mapping[str, int] = USED_UJ) -> dict[str, str]:
    """Make a machine's counters, and return the environment of a run on it."""
    powercap(root, listing)
    return {"PERF_POWERCAP": str(root / POWERCAP), **using(root, used_uj)}


def samples(folder: Path) -> list[dict[str, Any]]:
    """Return the generations of the one row of a run, the warm-ups first."""
    (benchmark,) = json.loads((folder / "run.json").read_text())["benchmarks"]
    session = benchmark["extra_info"]["session"]
    return [*session["warmups"], *session["samples"]]


def joules(folder: Path) -> set[tuple[float, float | None]]:
    """Return the joules of its packages and its memory that are recorded of any generation."""
    energies = [Energy(**sample["energy"]) for sample in samples(folder)]
    return {
        (round(each.package_j, 6), None if each.dram_j is None else round(each.dram_j, 6)) for each in energies
    }  # fmt: skip


@pytest.mark.skipif(HERE.usable_cores % 2 == 1, reason="two instances need an even number of cores")
def test_instances_share_the_joules_of_their_window(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    batch, environment = 2, machine(tmp_path) | {"SILLY_THREADS": str(HERE.usable_cores // 2)}
    server = ("--instances", "2", "--batch", str(batch))
    ran = run_ladder(*options, *server, "--benchmark-json", "run.json", **environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    of_batch = (round(PACKAGES_J / batch, 6), round(DRAMS_J / batch, 6))
    assert joules(tmp_path) == {of_batch}, "a request makes a batch"
    assert "J/image" in ran.stdout


def test_joules_agree_with_those_by_hand(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    ran = run_ladder(*options, "--benchmark-json", "run.json", **machine(tmp_path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert joules(tmp_path) == {(PACKAGES_J, DRAMS_J)}
    assert "energy" not in ran.stderr
    (row,) = [line for line in ran.stdout.splitlines() if line.startswith("eager-fp32  ") and ".." in line]
    assert " 36.5 " in row
    assert "J/image: of all packages and their memory" in ran.stdout


def test_counters_begin_anew_within_a_run(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    moving = machine(tmp_path, AMD, {"intel-rapl:0": 90_000_000, "intel-rapl:0:0": 1})
    shown = counter(tmp_path, "intel-rapl:0")
    shown.write_text(str(65532610987 - 200_000_000))  # within the third request: the load is the first
    ran = run_ladder(*options, "--benchmark-json", "run.json", **moving)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(shown.read_text()) < 10**9
    assert joules(tmp_path) == {(90.0, None)}


def test_a_counter_that_jumps_is_named_once_and_its_images_have_no_joules(
    run_ladder: RunLadder, options: Options, tmp_path: Path
) -> None:
    jumping = machine(tmp_path, used_uj=USED_UJ | {"intel-rapl:1": 40_000_000_000})
    ran = run_ladder(*options, "--benchmark-json", "run.json", **jumping)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {sample["energy"] for sample in samples(tmp_path)} == {None}
    (line,) = [line for line in ran.stderr.splitlines() if "energy" in line]
    assert "energy: package-0 jumped: from " in line
    assert "J/image" not in ran.stdout


def test_what_hides_the_counters_is_said_once(run_ladder: RunLadder, options: Options, tmp_path: Path) -> None:
    moving = machine(tmp_path)
    path = counter(tmp_path, "intel-rapl:1:0")
    path.rename(path.parent / "aside")
    path.mkdir()  # no mode of a file keeps root out, whom these tests may be run by
    ran = run_ladder(*options, "--benchmark-json", "run.json", **{**moving, "SILLY_ENERGY": "{}"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (line,) = [line for line in ran.stderr.splitlines() if "energy" in line]
    assert f"energy is not measured: {tmp_path}/sys/class/powercap/intel-rapl:1:0/energy_uj cannot be read" in line
    assert "docs/how-to/measure-energy.md" in line
    assert {sample["energy"] for sample in samples(tmp_path)} == {None}


def test_growth_is_a_regression_and_what_was_recorded_before_still_counts(
    run_ladder: RunLadder, options: Options, tmp_path: Path, baseline: Path
) -> None:
    """The baseline's one session is of a version, or a user, that could not read the counters."""
    assert "package_j" not in baseline.read_text()
    before = run_ladder(*options, **machine(tmp_path))
    assert (before.returncode, said_verdict(before)) == (0, "unchanged")
    added = run_ladder(*recorded(options, "with energy"), "--sessions", "2", **using_again(tmp_path))
    assert added.returncode == 0, added.stdout
    assert "package_j" in baseline_file(tmp_path).read_text()
    same = run_ladder(*options, **using_again(tmp_path))
    assert (same.returncode, said_verdict(same)) == (0, "unchanged")
    hungry = {zone: int(1.5 * used_uj) for zone, used_uj in USED_UJ.items()}
    grown = run_ladder(*options, **using_again(tmp_path, hungry))
    assert (grown.returncode, said_verdict(grown)) == (1, "regressed")
    assert "package energy +5" in grown.stdout
    blind = run_ladder(*options)
    assert (blind.returncode, said_verdict(blind)) == (0, "unchanged")


def using_again(root: Path, used_uj: Mapping[str, int] = USED_UJ) -> dict[str, str]:
    """Return the environment of another run on the same machine."""
    return {"PERF_POWERCAP": str(root / POWERCAP), **using(root, used_uj)}


@pytest.fixture
def stack_that_uses(tmp_path: Path) -> Callable[[str, float], Path]:
    """Make a silly stack whose workers use so many times as much as others."""

    def make(name: str, times: float) -> Path:
        path = tmp_path / name
        (used,) = using(tmp_path, {zone: int(times * used_uj) for zone, used_uj in USED_UJ.items()}).values()
        path.write_text(f'#!/bin/sh\nexport SILLY_ENERGY={shlex.quote(used)}\nexec {SILLY_PYTHON} "$@"\n')
        path.chmod(0o755)
        return path

    return make


def test_each_of_two_workers_has_the_joules_of_its_own_turns(
    checkpoint: Path, stack_that_uses: Callable[[str, float], Path], tmp_path: Path
) -> None:
    on_machine = machine(tmp_path)
    sides = ("--reference", str(stack_that_uses("as-ever", 1)), "--candidate", str(stack_that_uses("hungry", 1.5)))
    wanted = ("--model", str(checkpoint), *sides, "--variant", "eager-fp32", "--json=up.json")
    ran = run_suite_in(tmp_path, PAIRS_SUITE, *wanted, environment=on_machine | {"COLUMNS": "160"})
    (result,) = json.loads((tmp_path / "up.json").read_text())["results"]
    for pair in result["pairs"]:
        energies = [Energy(**pair[role]["energy"]) for role in ("reference", "candidate")]
        assert [each.package_j for each in energies] == pytest.approx(
            [REQUESTS_IN_TURNS * PACKAGES_J, 1.5 * REQUESTS_IN_TURNS * PACKAGES_J], abs=1e-5
        )
        assert energies[0].dram_j == pytest.approx(REQUESTS_IN_TURNS * DRAMS_J)
    assert result["moved"] == ["package energy", "DRAM energy"]
    assert result["others"]["package energy"]["ratio"] == pytest.approx(1.5, rel=1e-3)
    assert "moved: package energy +50" in ran.stdout
