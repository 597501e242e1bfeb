"""Which rows an upgrade is tried on, and what a search remembers them by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perf.cli import upgrade_check, upgrade_search
from perf.errors import BadInput, UnknownName
from perf.host.stack import Stack
from perf.spec import ladder
from tests.builders.runs import SILLY_PYTHON

USED = Stack(name="ipex", python="/ipex/python", python_version="3.11.7", prefix="/ipex", has_headers=True, packages={})
ROWS = [variant.name for variant in ladder.LADDER if variant.stack == "ipex"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(upgrade_check, "ROOT", tmp_path)
    return tmp_path / "perf.toml"


def chosen(*options: str) -> list[str]:
    return [option for option in upgrade_check.row_options(USED, options) if option != "--variant"]


def test_without_a_settings_file_they_are_all_of_the_stack(settings: Path) -> None:
    assert not settings.exists()
    assert chosen() == ROWS
    assert chosen("--variant", "ipex-bf16") == []


def test_a_settings_file_chooses_among_them(settings: Path) -> None:
    settings.write_text("variants = ['eager-*', 'ipex-bf16-*']")
    assert chosen() == ROWS[1:]


def test_a_file_without_any_of_them_chooses_none(settings: Path) -> None:
    settings.write_text("variants = ['eager-*']")
    assert chosen() == ROWS


def test_a_search_under_other_settings_is_another(settings: Path) -> None:
    before = upgrade_search.log_path("torch", USED, [])
    settings.write_text("steps = 3")
    assert upgrade_search.log_path("torch", USED, []) != before


OWN = """
[stacks]
mine = "silly"

[[row]]
name = "a"
like = "ipex-bf16"

[[row]]
name = "b"
like = "ipex-bf16"
stack = "mine"
"""


def test_rows_of_ones_own_belong_to_their_stack(settings: Path) -> None:
    settings.write_text(OWN)
    assert chosen() == [*ROWS, "a"]
    mine = replace(USED, name="mine")
    assert upgrade_check.row_options(mine, ()) == ["--variant", "b"]


def test_a_stack_of_ones_own_can_be_upgraded(settings: Path) -> None:
    settings.write_text(OWN)
    with pytest.raises(BadInput, match=r"stack mine is not installed \(.*silly\); to fix it: name its interpreter"):
        upgrade_check.stack_in_use("mine")
    (settings.parent / "silly").symlink_to(SILLY_PYTHON)
    assert upgrade_check.stack_in_use("mine").python == str(settings.parent / "silly")
    with pytest.raises(UnknownName, match="mine"):
        upgrade_check.stack_in_use("min")
