"""What people write in TOML: each fault is one line that names the file, or the key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perf.errors import BadInput
from perf.measure.toml_file import check_keys, check_percent, check_type, naming, read


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"steps = ", "not TOML: Invalid value (at end of document)", id="cut off"),
        pytest.param(b"steps = 1\nsteps = 2\n", "not TOML: Cannot overwrite a value", id="a key twice"),
        pytest.param(b"\xff\xfes\x00", "not TOML: 'utf-8' codec", id="UTF-16"),
        pytest.param(b"a = " + b"[" * 100_000, "nested too deeply", id="nested"),
        pytest.param(b"#" * 1024**2 + b"#", "over 1 MiB", id="huge"),
    ],
)
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "perf.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert "\n" not in str(caught.value)


def test_what_is_not_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "perf.toml")
    with pytest.raises(BadInput, match="is not a file"):
        read(tmp_path / "perf.toml")


@pytest.mark.parametrize(
    ("value", "wanted", "said"),
    [
        (True, int, "steps is true or false, not a whole number"),
        (1.5, int, "steps is a number, not a whole number"),
        ("20", float, "steps is text in quotes, not a number"),
        ({}, str, "steps is a table, not text in quotes"),
        (1, bool, "steps is a whole number, not true or false"),
    ],
)
def test_a_wrong_type_is_named_in_words(value: object, wanted: type, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_type("steps", value, wanted)
    assert str(caught.value) == said


def test_a_whole_number_is_a_number_too() -> None:
    assert check_type("budget", 40, float) == 40.0


def test_keys_are_checked_both_ways() -> None:
    check_keys({"row": 1}, {"row"}, {"machine"})
    with pytest.raises(BadInput, match="row is missing"):
        check_keys({}, {"row"})
    with pytest.raises(BadInput, match="unknown key 'macine'; did you mean machine"):
        check_keys({"row": 1, "macine": 1}, {"row"}, {"machine"})


@pytest.mark.parametrize("value", [0.03, -1, 1001, float("nan"), float("inf"), True, "3"])
def test_percent_is_within_bounds(value: object) -> None:
    with pytest.raises(BadInput, match="latency"):
        check_percent("latency", value, 0.1, 1000)


def test_percent_becomes_a_fraction() -> None:
    assert check_percent("latency", 3, 0.1, 1000) == 0.03


def test_the_place_stands_in_front() -> None:
    with pytest.raises(BadInput, match=r"^perf\.toml: it is wrong$"), naming("perf.toml"):
        raise BadInput("it is wrong")
