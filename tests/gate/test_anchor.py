"""The reference side of a comparison with an anchor: its stack, its code, its launch, and what of them is missing."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perf.compare.side_pair import Side
from perf.errors import BadInput
from perf.gate import anchor
from perf.gate.anchor import AnchoredRow, prepare, reference_side, software_changes
from perf.gate.baseline_row import BaselineRow
from perf.host import anchor_code, anchor_uses, anchors
from perf.host.anchors import Recipe
from perf.host.stack import ROOT, Stack, inspect_python
from perf.host.worker_code import worker_digest
from perf.measure import command
from perf.measure.command import HERE, Origin
from perf.records.launch import Launch
from tests.builders.baselines import EAGER, STACK, STATIC
from tests.builders.machines import GENOA
from tests.builders.repositories import commit, git, repository
from tests.builders.sessions import sessions
from tests.builders.wheels import only_index, wheel

WIRE = "perf/worker/wire.py"
NEWER = replace(STACK, packages={"torch": "2.13.0", "openvino": "2026.5.0"}, python_version="3.11.9")
CPU = min(os.sched_getaffinity(0))


def baseline_row(stack: Stack = STACK, **fields: Any) -> BaselineRow:
    row = BaselineRow.of(EAGER, stack, sessions(3, seed=1))
    return replace(row, **{"commit": None, "launch": None, **fields})


def anchored(stack: Stack = STACK, **fields: Any) -> AnchoredRow:
    return AnchoredRow(variant=EAGER, path=Path("baselines/x.json"), before=baseline_row(**fields), stack=stack)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_same_software_has_no_changes() -> None:
    launch = Launch(prefix=("numactl", "-C", "0,2"))
    assert software_changes(baseline_row(launch=launch), STACK, launch) == []
    assert software_changes(baseline_row(worker=None), STACK, launch, worker="another") == [], "nothing to compare with"


def test_all_that_differs_is_named_before_anything_is_measured() -> None:
    before = baseline_row(worker="0" * 16, launch=Launch(environment={"OMP_NUM_THREADS": "2"}))
    assert software_changes(before, NEWER, Launch(), worker="1" * 16) == [
        "openvino 2026.4.1 -> 2026.5.0",
        "Python 3.11.7 -> 3.11.9",
        "the suite's own code in the worker 0000000000000000 -> 1111111111111111",
        "OMP_NUM_THREADS 2 -> not set",
    ]


def test_with_the_same_code_and_launch_only_the_stack_is_another() -> None:
    side = reference_side(anchored(), STACK, GENOA)
    assert (side.stack, side.origin, side.caveats) == (STACK, HERE, ())
    candidate = Side(variant=anchored().variant, stack=NEWER)
    pair = side.pair_with(candidate)
    assert (pair.reference, pair.candidate) == (Side(variant=candidate.variant, stack=STACK, origin=HERE), candidate)


def test_another_patch_release_of_python_is_a_caveat() -> None:
    side = reference_side(anchored(), NEWER, GENOA)
    assert side.caveats == ("the reference runs Python 3.11.9: 3.11.7 is not installed here",)


def test_a_baseline_of_unknown_code_is_a_caveat() -> None:
    (caveat,) = reference_side(anchored(worker=None), STACK, GENOA).caveats
    assert caveat.endswith("the baseline does not say which code measured it")


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history in which the wire got its number, then another, and then this tree's."""
    wire = (ROOT / WIRE).read_text()
    root = repository(tmp_path / "suite", {WIRE: "# of old"})
    commit(root, {WIRE: "VERSION = 0"})
    commit(root, {WIRE: wire})
    monkeypatch.setattr(anchor, "code_of", lambda commit: anchor_code.code_of(commit, root))
    return root


def test_the_anchors_own_code_is_run(suite: Path, cache: Path) -> None:
    head = git(suite, "rev-parse", "HEAD")
    side = reference_side(anchored(worker="0" * 16, commit=head), STACK, GENOA)
    assert side.origin == Origin(code=cache / "code" / head)
    assert side.caveats == ()
    started = command.for_variant(EAGER, STACK, GENOA, side.origin)
    assert started.environment["PYTHONPATH"] == str(cache / "code" / head)


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("HEAD~2", "speaks no numbered version of the wire, this one 2"),
        ("HEAD~1", "speaks version 0 of the wire, this one 2"),
        ("0" * 40, "is not in the history of what is checked out: git fetch, or record a new baseline"),
        (None, "the baseline does not name the commit of its worker's code"),
    ],
)
def test_where_the_code_cannot_be_run_packages_alone_are_compared(
    suite: Path, revision: str | None, reason: str
) -> None:
    named = git(suite, "rev-parse", revision) if revision else None
    side = reference_side(anchored(worker="0" * 16, commit=named), STACK, GENOA)
    assert side.origin == HERE
    (caveat,) = side.caveats
    assert caveat.startswith("packages alone were compared, with the worker's code of today: ")
    assert caveat.endswith(reason)


def test_a_reference_is_started_as_its_anchor_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ONEDNN_MAX_CPU_ISA": "AVX2", "LD_LIBRARY_PATH": "/opt/lib", "HF_TOKEN": "secret"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libiomp5.so").touch()
    monkeypatch.setattr(command, "allocator_library", lambda name: f"lib{name}.so.2")
    stack = replace(STACK, prefix=str(tmp_path))
    preloaded = {"LD_PRELOAD": "libjemalloc.so.2:libiomp5.so", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    launch = Launch(prefix=("numactl", "-C", str(CPU)), environment=preloaded)
    side = reference_side(anchored(launch=launch), stack, GENOA)
    started = command.for_variant(EAGER, stack, GENOA, side.origin)
    assert started.arguments == ("numactl", "-C", str(CPU), STACK.python, "-m", "perf.worker")
    assert started.environment["LD_PRELOAD"] == f"libjemalloc.so.2:{tmp_path}/lib/libiomp5.so"
    assert started.environment["OMP_NUM_THREADS"] == started.environment["MALLOC_ARENA_MAX"] == "1"
    assert "HF_TOKEN" not in started.environment
    assert "ONEDNN_MAX_CPU_ISA" not in started.environment
    assert started.environment["LD_LIBRARY_PATH"] == "/opt/lib", "the dynamic linker's folders are this machine's"
    (caveat,) = side.caveats
    assert caveat.startswith("the reference was not started quite as then: LD_LIBRARY_PATH not set -> lib#")


def test_a_library_that_is_not_here_is_not_preloaded() -> None:
    launch = Launch(environment={"LD_PRELOAD": "libevil.so:libjemalloc.so.99"})
    side = reference_side(anchored(launch=launch), STACK, GENOA)
    assert "LD_PRELOAD" not in command.for_variant(EAGER, STACK, GENOA, side.origin).environment
    assert side.caveats == (
        "the reference was not started quite as then: LD_PRELOAD libevil.so:libjemalloc.so.99 -> not set",
    )


def test_cpus_that_are_not_here_are_a_caveat() -> None:
    launch = Launch(prefix=("numactl", "-C", f"{CPU},99998"))
    side = reference_side(anchored(launch=launch), STACK, GENOA)
    assert side.origin.launch is None
    assert side.caveats == (
        "both were started as today: the baseline's launch binds to CPUs that are not here (99998)",
    )


def test_what_a_launch_here_keeps_is_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setenv("OMP_NUM_THREADS", "99")
    launch = command.launch_here(EAGER, STACK, GENOA)
    assert launch.environment["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert "OMP_NUM_THREADS" not in launch.environment, "of the user's shell, and not passed on"
    assert launch.prefix == ()
    started = command.for_variant(EAGER, STACK, GENOA, Origin(launch=launch))
    assert started == command.for_variant(EAGER, STACK, GENOA)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The interpreter of these tests as a stack in use, and a shop with what a worker needs."""
    shop = only_index(tmp_path / "shop", monkeypatch)
    for name in ("torch", "diffusers", "transformers", "numpy", "filelock"):
        wheel(shop, name, "1.0")
    monkeypatch.setattr(anchors, "SPARE_BYTES", 0)
    return inspect_python("current", Path(sys.executable))


def of_packages(here: Stack, *names: str) -> Stack:
    return replace(here, packages=dict.fromkeys(names, "1.0"))


def test_rows_of_one_stack_share_an_anchor_and_the_reason_why_there_is_none(here: Stack) -> None:
    whole = of_packages(here, "torch", "diffusers", "transformers", "numpy", "filelock")
    gone = of_packages(here, "torch", "cheese")
    rows = [
        AnchoredRow(variant=variant, path=Path("x.json"), before=baseline_row(stack), stack=here)
        for variant, stack in ((EAGER, whole), (STATIC, whole))
    ]
    said: list[str] = []
    first = prepare(rows, GENOA, said.append)
    assert said == ["eager-fp32: making the stack of its baseline again, to measure the two in turns"]
    assert prepare(rows, GENOA, said.append) == first
    assert len(said) == 1, "made once"
    for side in first.values():
        assert not isinstance(side, BadInput)
        assert side.stack.packages == whole.packages
    assert anchor_uses.read(Recipe.of(whole.recipe).digest).rows == {
        str(Path("x.json").absolute()): (EAGER.name, STATIC.name)
    }

    rows = [replace(row, before=baseline_row(gone)) for row in rows]
    failed = prepare(rows, GENOA, said.append)
    assert failed[EAGER.name] is failed[STATIC.name]
    assert str(failed[EAGER.name]).startswith("no wheel of cheese==1.0 can be had for this Python and machine")


def test_no_anchor_is_made_of_the_stack_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "make", lambda *_: pytest.fail("must not be made"))
    same = replace(STACK, packages={**STACK.packages, "pip": "26.1"})
    row = anchored(stack=same, worker="0" * 16)
    side = prepare([row], GENOA, pytest.fail)[EAGER.name]
    assert not isinstance(side, BadInput)
    assert side.stack is same
    assert anchor_uses.entries() == []
    assert worker_digest() != "0" * 16
