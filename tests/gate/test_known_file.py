"""The file of known regressions: what it becomes, and what is wrong with it, in one line each."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.gate import known_file
from perf.gate.known import KnownRegression
from perf.spec.ladder import LADDER

FULL = """
[[known]]
row = "openvino-*"
quantity = "peak memory"
up_to = 4
why = "a cache of graphs, https://example.org/123"
until = 2026-12-31
machine = "sapphire-rapids*"

[[known]]
row = "eager-fp32"
up_to = 2.5
why = "https://example.org/124"
until = 2027-01-31
"""
ENTRY = FULL.partition("\n\n")[0]


def write(folder: Path, text: str) -> Path:
    path = folder / "known.toml"
    path.write_text(text)
    return path


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert known_file.find(tmp_path / "nowhere", "genoa").entries == ()
    write(tmp_path, "# nothing now\n")
    assert known_file.find(tmp_path, "genoa").entries == ()


def test_entries_are_those_of_this_machine(tmp_path: Path) -> None:
    write(tmp_path, FULL)
    memory = KnownRegression(
        row="openvino-*",
        quantity="peak memory",
        up_to=0.04,
        why="a cache of graphs, https://example.org/123",
        until=datetime.date(2026, 12, 31),
        machine="sapphire-rapids*",
    )
    latency = KnownRegression(
        row="eager-fp32",
        quantity="latency",
        up_to=0.025,
        why="https://example.org/124",
        until=datetime.date(2027, 1, 31),
    )
    assert known_file.find(tmp_path, "sapphire-rapids-like").entries == (memory, latency)
    assert known_file.find(tmp_path, "genoa").entries == (latency,)


def test_an_entry_that_is_past_its_date_is_no_mistake(tmp_path: Path) -> None:
    write(tmp_path, ENTRY.replace("2026", "2001"))
    (entry,) = known_file.find(tmp_path, "sapphire-rapids").entries
    assert entry.is_past(datetime.date(2026, 11, 25))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[known]]", "[[knwon]]", "unknown key 'knwon'; did you mean known?"),
        ("[[known]]", "[known]", "each entry begins with [[known]], in double brackets"),
        ("quantity =", "quantitiy =", "entry 1: unknown key 'quantitiy'; did you mean quantity or until?"),
        ('row = "openvino-*"', "", "entry 1: row is missing"),
        ("up_to = 4", "", "entry 1: up_to is missing"),
        ("until = 2026-12-31", "", "entry 1: until is missing"),
        ('why = "a cache of graphs, https://example.org/123"', "", "entry 1: why is missing"),
        ("https://example.org/123", "as discussed", "entry 1: why has no link (https://...) to where the"),
        ("openvino-*", "openvnio-*", "entry 1: unknown variant 'openvnio-*'; did you mean openvino-"),
        ("peak memory", "peak memroy", "entry 1: unknown quantity 'peak memroy'; did you mean peak memory?"),
        ("sapphire-rapids*", "saphire-rapids*", "entry 1: unknown machine 'saphire-rapids*'; did you mean sapphire"),
        ("up_to = 4", "up_to = -4", "entry 1: up_to -4: must be 0.1 to 1000 percent"),
        ("up_to = 4", "up_to = 0.04", "entry 1: up_to 0.04: must be 0.1 to 1000 percent"),
        ("up_to = 4", "up_to = nan", "entry 1: up_to nan: must be 0.1 to 1000 percent"),
        ("up_to = 4", "up_to = '4 %'", "entry 1: up_to is text in quotes, not a number"),
        ("2026-12-31", "'2026-12-31'", "entry 1: until is text in quotes, not a date such as 2026-12-31, without"),
        ("2026-12-31", "2026-12-31T00:00:00", "entry 1: until is a time, not a date such as"),
        ("2026-12-31", "2026-13-31", "not TOML: "),
        ("row = ", "row ", "not TOML: "),
    ],
)
def test_a_mistake_names_the_file_and_the_entry(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write(tmp_path, ENTRY.replace(old, new))
    with pytest.raises(BadInput) as caught:
        known_file.find(tmp_path, "genoa")
    assert str(caught.value).startswith(f"{path}: {said}")
    assert "\n" not in str(caught.value)


def test_a_machine_with_sets_switched_off_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, ENTRY.replace("sapphire-rapids*", "sapphire-rapids-without-amx"))
    assert known_file.find(tmp_path, "sapphire-rapids-without-amx").entries
    assert not known_file.find(tmp_path, "sapphire-rapids").entries


def test_a_link_to_nothing_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "known.toml").symlink_to("gone.toml")
    with pytest.raises(BadInput, match=r"known\.toml: is not a file"):
        known_file.find(tmp_path, "genoa")


def test_rows_of_ones_own_have_known_regressions_too(tmp_path: Path) -> None:
    write(tmp_path, FULL.replace("eager-fp32", "mine"))
    own = replace(LADDER[0], name="mine")
    assert [entry.row for entry in known_file.find(tmp_path, "genoa", (*LADDER, own)).entries] == ["mine"]
    with pytest.raises(BadInput, match="unknown variant 'mine'"):
        known_file.find(tmp_path, "genoa")
