"""Steadying: what it changes on the command line and in the environment, and that a process really gets it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from perf.compare.stack_pair import Role, StackPair
from perf.host.stack import Stack
from perf.measure import command
from perf.measure.command import HERE, Origin
from perf.measure.steadying import UNSTEADIED, Steadying
from perf.records.launch import Launch
from perf.spec import ladder
from tests.builders.runs import HERE as MACHINE

ALL = Steadying(fixed_addresses=True, huge_pages=True, fixed_threads=True)
STACK = Stack(
    name="current",
    python="/opt/stack/bin/python",
    python_version="3.11.7",
    packages={},
    prefix="/opt/stack",
    has_headers=False,
)
(EAGER,) = ladder.select(["eager-fp32"])


def test_as_usual_nothing_is_changed() -> None:
    assert UNSTEADIED.prefix(("numactl", "-C", "0")) == ("numactl", "-C", "0")
    assert UNSTEADIED.environment({"OMP_NUM_THREADS": "2"}) == {"OMP_NUM_THREADS": "2"}
    assert command.for_variant(EAGER, STACK, MACHINE) == command.for_variant(EAGER, STACK, MACHINE, HERE)


def test_it_adds_to_what_is_set() -> None:
    environment = ALL.environment({"GLIBC_TUNABLES": "glibc.malloc.check=1", "MALLOC_CONF": "dirty_decay_ms:60000"})
    assert environment["GLIBC_TUNABLES"] == "glibc.malloc.check=1:glibc.malloc.hugetlb=1"
    assert environment["MALLOC_CONF"] == "dirty_decay_ms:60000,thp:always"
    assert "MALLOC_CONF" not in ALL.environment({}), "glibc's heap has no such settings"
    assert ALL.prefix(("numactl", "-C", "0"))[2:] == ("-R", "numactl", "-C", "0")


def test_both_sides_of_a_pair_are_steadied_alike_whatever_they_are_started_from() -> None:
    launch = Launch(environment={"OMP_NUM_THREADS": "1"})
    stack_pair = StackPair(reference=STACK, candidate=STACK, origin=Origin(launch=launch), steadying=ALL)
    assert stack_pair.origin_of(Role.REFERENCE) == Origin(launch=launch, steadying=ALL)
    assert stack_pair.origin_of(Role.CANDIDATE) == Origin(steadying=ALL)
    for role in Role:
        started = command.for_variant(EAGER, STACK, MACHINE, stack_pair.origin_of(role))
        assert started.arguments[2:4] == ("-R", STACK.python)
        assert started.environment["OMP_PROC_BIND"] == "close"


def test_the_ladders_own_launch_knows_nothing_of_it() -> None:
    assert "OMP_PROC_BIND" not in command.launch_here(EAGER, STACK, MACHINE).environment


def test_a_process_gets_fixed_addresses() -> None:
    code = "print(open('/proc/self/personality').read())"
    ran = subprocess.run(
        [*Steadying(fixed_addresses=True).prefix(()), sys.executable, "-c", code],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if "not permitted" in ran.stderr:
        pytest.skip("this container forbids it")
    assert int(ran.stdout, 16) & 0x0040000, "ADDR_NO_RANDOMIZE of personality(2)"
