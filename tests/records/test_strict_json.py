"""JSON that Python's parser lets pass and no standard knows, and JSON that is built to hurt."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.records.strict_json import MAX_DEPTH, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
def test_what_the_standard_knows_is_read(value: object) -> None:
    assert parse(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "NaN is not a number"),
        ("[-Infinity]", "-Infinity is not a number"),
        ("1e999", "1e999 is beyond the range"),
        ("1" * 400, "beyond the range"),
        ("1" * 5000, "integer string conversion"),
        (r'"\ud800"', r"'\\ud800' is half of a surrogate pair"),
        (r'{"\udfff": 1}', r"'\\udfff' is half of a surrogate pair"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "nested more than 40 deep"),
        ("[" * 100_000, "nested more than 40 deep"),
        ('{"a": ' * 100_000, "nested more than 40 deep"),
        ("{", "Expecting property name"),
    ],
    ids=lambda text: text[:20],
)
def test_what_it_does_not_know_is_a_value_error(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert parse(r'"\ud83e\uddc0"') == "\N{CHEESE WEDGE}"


def test_keys_that_occur_twice_are_remembered() -> None:
    parsed = parse('{"a": 1, "b": 2, "a": 3}')
    assert (parsed, parsed.repeated) == ({"a": 3, "b": 2}, ("a",))


def test_one_of_many_keys_that_occurs_twice() -> None:
    """How long it takes is in tests/benchmarks/hostile_input.py."""
    keys = [f'"{number}": 1' for number in range(40_000)]
    assert parse("{" + ", ".join([*keys, keys[0]]) + "}").repeated == ("0",)
