"""Measurements that are asked for in several processes; selections of tests are tried by tests/suite."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from perf.errors import BadInput
from perf.host.stack import ROOT
from perf.measure.selection import check_one_process


def asked_for(*arguments: str, dist: str, folder: Path = ROOT) -> Any:
    """Return what pytest knows of these arguments, given in a folder; ``dist`` is pytest-xdist's."""

    def getoption(name: str, default: object) -> object:
        return dist if name == "dist" else default

    invocation = SimpleNamespace(dir=folder)
    return SimpleNamespace(args=[*arguments], invocation_params=invocation, getoption=getoption)


@pytest.mark.parametrize("argument", ["perf/suite/test_ladder.py", "perf", "perf/suite/test_pairs.py::test_pair"])
def test_a_measurement_in_several_processes_is_refused(argument: str) -> None:
    with pytest.raises(BadInput, match="-n: a measurement has the machine to itself"):
        check_one_process(asked_for("tests", argument, dist="load"))
    check_one_process(asked_for(argument, dist="no"))


def test_the_suites_own_tests_may_run_in_several() -> None:
    check_one_process(asked_for("tests", dist="loadgroup"))
    check_one_process(asked_for("stats", dist="load", folder=ROOT / "tests"))
