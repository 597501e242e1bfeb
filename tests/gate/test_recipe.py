"""The stack of a baseline's row, which pip is told to install: names and versions, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from perf.errors import BadRecord
from perf.gate.acceptance import accept as accept_row
from perf.gate.baseline import Baseline
from perf.gate.baseline_row import BaselineRow
from perf.gate.recipe import check_recipe
from tests.builders.baselines import EAGER, FIRST, STACK, accept
from tests.builders.sessions import sessions


def recipe(packages: dict[Any, Any] | None = None, python_version: Any = "3.11.7") -> dict[str, Any]:
    return {"name": "current", "python_version": python_version, "packages": packages or {"torch": "2.13.0"}}


@pytest.mark.parametrize(
    "packages",
    [
        {"torch": "2.8.0+cpu"},
        {
            "torch": "2.9.0.dev20261101+cpu",
            "intel-extension-for-pytorch": "2.8.0",
            "Jinja2": "3.1",
            "a.b_c": "1!1.0rc1",
        },
    ],
)
def test_names_and_versions_are_believed(packages: dict[str, str]) -> None:
    assert check_recipe(recipe(packages))["packages"] == packages


@pytest.mark.parametrize(
    ("packages", "reason"),
    [
        ({"torch @ file:///tmp/evil #": "1"}, r"^stack\.packages 'torch @ file:///tmp/evil #' is not the name of a p"),
        ({"--index-url file:///evil #": "1"}, "is not the name of a package"),
        ({"-r evil.txt": "1"}, "is not the name of a package"),
        ({"torch\n--pre": "1"}, "is not the name of a package"),
        ({"torch\n": "1"}, "is not the name of a package"),
        ({"": "1"}, "is not the name of a package"),
        ({"torch[evil]": "1"}, "is not the name of a package"),
        ({"tor\u017f": "1"}, "is not the name of a package"),
        (
            {"torch": "2.8.0\n--index-url file:///evil"},
            r"^stack\.packages\.torch '2\.8\.0\\n--index.* is not a v",
        ),
        ({"torch": "2.8.0 --hash=sha256:0"}, "is not a version"),
        ({"torch": "2.8.0\n"}, "is not a version"),
        ({"torch": " 2.8.0"}, "is not a version"),
        ({"torch": "2.*"}, "is not a version"),
        ({"torch": "@ file:///tmp/evil"}, "is not a version"),
        ({"torch": ""}, "is not a version"),
        ({"torch": None}, "is not a version"),
        ({"torch": 2.8}, "is not a version"),
    ],
)
def test_what_would_tell_pip_something_else_is_not(packages: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecord, match=reason) as raised:
        check_recipe(recipe(packages))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("version", ["3", "3.11; rm", "../3.11", "3.11\n", 3.11, None, "\u0663.\u0661\u0661"])
def test_a_python_is_known_by_numbers(version: Any) -> None:
    with pytest.raises(BadRecord, match=r"^stack\.python_version .* is not a version such as 3\.11\.7"):
        check_recipe(recipe(python_version=version))


def test_an_attack_costs_its_row_alone() -> None:
    data = accept(accept(None), "openvino-static").to_json()
    data["rows"][EAGER.name]["stack"]["packages"] = {"torch @ file:///tmp/evil #": "1"}
    baseline = Baseline.from_json(data)
    assert list(baseline.rows) == ["openvino-static"]
    assert str(baseline.faults[EAGER.name]).startswith(f"rows.{EAGER.name}.stack.packages 'torch @ file")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("commit", "HEAD", "commit 'HEAD' is not a commit of 40 hexadecimal digits"),
        ("commit", "--output=/tmp/evil".ljust(40, "0"), "is not a commit"),
        ("commit", "0" * 40 + "\n", "is not a commit"),
        ("launch", {"prefix": ["sh"], "environment": {}}, "^launch.prefix 'sh' is not numactl"),
        ("launch", [], "^launch is list, not an object"),
    ],
)
def test_a_commit_and_a_launch_are_checked(field: str, value: Any, reason: str) -> None:
    row = accept(None).rows[EAGER.name].to_json()
    with pytest.raises(BadRecord, match=reason):
        BaselineRow.from_json(row | {field: value})


def test_what_could_not_be_read_again_is_not_written() -> None:
    stack = STACK.__class__(**(STACK.__dict__ | {"packages": {"torch": "2.8.silly"}}))
    row = BaselineRow.of(EAGER, stack, sessions(3, seed=1))
    with pytest.raises(BadRecord, match=r"stack\.packages\.torch '2\.8\.silly' is not a version"):
        accept_row(None, FIRST, EAGER.name, row, afresh=False)
