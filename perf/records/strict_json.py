"""JSON as its standard has it, and no deeper than our files are: what Python's own parser lets pass is a ValueError.

That is NaN and Infinity, numbers beyond a float's range, halves of surrogate pairs, which no file can hold again, and
objects within objects until the stack is full.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

MAX_DEPTH = 40


class Parsed(dict[str, Any]):
    """A JSON object that remembers which keys it had twice."""

    repeated: tuple[str, ...] = ()


def parse(text: str | bytes) -> Any:
    """Parse JSON into values whose objects are Parsed. Raises ValueError."""
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole
        )
    except RecursionError:
        raise ValueError(f"nested more than {MAX_DEPTH} deep") from None
    _check_depth(value)
    _check_writable(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> Parsed:
    parsed = Parsed(pairs)
    if len(parsed) < len(pairs):
        times = Counter(name for name, _ in pairs)
        parsed.repeated = tuple(sorted(name for name, count in times.items() if count > 1))
    return parsed


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is beyond the range of numbers")
    return number


def _whole(text: str) -> int:
    number = int(text)
    _finite(text)
    return number


def _check_depth(value: object) -> None:
    level, depth = [value], 0
    while level := [child for item in level for child in _children(item)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")


def _check_writable(value: object) -> None:
    """Raise ValueError for what the parser turns the escape of half a pair into; Python's own holds the whole text."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{error.object[error.start]!r} is half of a surrogate pair") from None


def _children(item: object) -> Iterable[object]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()
