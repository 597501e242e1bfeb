"""What a worker gets of a user's environment, and where its memory is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.gate.baseline_key import BaselineKey
from perf.host import prerequisites
from perf.measure import command
from perf.records.launch import Launch
from perf.spec import ladder
from perf.spec.protocol import Protocol, Size
from tests.builders.baselines import EAGER, KEY, MODEL, STACK
from tests.builders.machines import GENOA

HBM = replace(GENOA, memory_node=8)

KEPT_BACK = {
    "MKL_VERBOSE": "1",
    "ONEDNN_VERBOSE": "all",
    "PYTHONDEVMODE": "1",
    "PYTHONTRACEMALLOC": "25",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=2",
    "MALLOC_ARENA_MAX": "1",
    "TCMALLOC_SAMPLE_PARAMETER": "1",
    "OMP_NUM_THREADS": "1",
}


def test_what_would_change_the_measurement_is_kept_back_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEPT_BACK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/python/lib")
    environment = command.for_variant(EAGER, STACK, GENOA).environment
    assert not KEPT_BACK.keys() & environment.keys()
    assert set(KEPT_BACK) <= set(command.contamination())
    assert environment["LD_LIBRARY_PATH"] == "/opt/python/lib", "some builds of Python do not start without it"


def test_what_is_meant_for_this_interpreter_is_not_worth_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert not [name for name in command.contamination() if name.startswith("PYTHON")]
    assert "PYTHONDONTWRITEBYTECODE" not in command.for_variant(EAGER, STACK, GENOA).environment


def test_memory_of_another_node_is_preferred_in_every_row() -> None:
    (tuned,) = ladder.select(["eager-fp32-jemalloc"])
    assert command.for_variant(EAGER, STACK, HBM).arguments[:3] == ("numactl", "-p", "8")
    assert command.for_variant(tuned, STACK, HBM).arguments[:5] == ("numactl", "-C", "0,2", "-p", "8")
    launch = command.launch_here(EAGER, STACK, HBM)
    assert Launch.from_json(launch.to_json()) == launch, "a baseline may name it"


def test_an_instance_is_bound_to_its_part_of_the_machine_and_has_a_thread_for_each_core() -> None:
    (tuned,) = ladder.select(["eager-fp32-jemalloc"])
    part = replace(GENOA, cores=(0, 2, 4, 6), memory_node=8).part((4, 6))
    assert command.for_variant(EAGER, STACK, part).arguments[:5] == ("numactl", "-C", "4,6", "-p", "8")
    assert command.for_variant(tuned, STACK, part).environment["OMP_NUM_THREADS"] == "2"


def test_the_launch_of_the_first_instance_starts_the_others_on_their_own_cores() -> None:
    (tuned,) = ladder.select(["eager-fp32-jemalloc"])
    first, second = (replace(GENOA, memory_node=8).part(cores) for cores in ((0, 1), (2, 3, 4)))
    origin = command.Origin(launch=command.launch_here(tuned, STACK, first))
    started = command.for_variant(tuned, STACK, second, origin)
    assert started.arguments[:5] == ("numactl", "-C", "2,3,4", "-p", "8")
    assert started.environment["OMP_NUM_THREADS"] == "3"


def test_threads_that_a_row_sets_itself_are_those_of_every_instance() -> None:
    own = replace(EAGER, environment={"OMP_NUM_THREADS": "1"})
    first, second = (GENOA.part(cores) for cores in ((0, 1), (2, 3)))
    origin = command.Origin(launch=command.launch_here(own, STACK, first))
    assert command.for_variant(own, STACK, second, origin).environment["OMP_NUM_THREADS"] == "1"


def test_such_a_measurement_has_a_baseline_of_its_own() -> None:
    protocol = Protocol(size=Size(128, 128))
    assert BaselineKey.of(HBM, MODEL, protocol).differences(KEY) == ["machine memory_node: 8, here None"]
    assert "memory_node" not in GENOA.fingerprint


@pytest.mark.parametrize("folder", ["/home/my stacks", "/srv/a:b"])
def test_a_library_that_the_linker_cannot_preload_is_missing(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prerequisites, "allocator_library", lambda _: "libjemalloc.so.2")
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/numactl")
    (tuned,) = ladder.select(["eager-fp32-jemalloc"])
    missing = prerequisites.find_missing(tuned, replace(STACK, prefix=folder, packages=ALL), GENOA)
    assert missing is not None
    assert f"{folder}/lib/libiomp5.so cannot be preloaded: the linker splits LD_PRELOAD" in missing.reason
    assert prerequisites.find_missing(EAGER, replace(STACK, prefix=folder, packages=ALL), GENOA) is None


ALL = dict.fromkeys(("torch", "diffusers", "transformers"), "1.0")


def test_a_row_sets_variables_of_its_own_after_the_tuning() -> None:
    """They are part of the launch, which a baseline keeps."""
    (tuned,) = ladder.select(["eager-fp32-jemalloc"])
    own = {"OMP_NUM_THREADS": "1", "KMP_BLOCKTIME": "0"}
    for base in (EAGER, tuned):
        row = replace(base, environment=own)
        assert own.items() <= command.for_variant(row, STACK, GENOA).environment.items()
        assert own.items() <= command.launch_here(row, STACK, GENOA).environment.items()
