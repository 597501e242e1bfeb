"""The tolerances in a settings file: ``"openvino-*" = {latency = 2, "peak memory" = 5}``, in percent."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from perf.errors import BadInput, UnknownName
from perf.measure.toml_file import check_percent, naming
from perf.spec import ladder
from perf.spec.variant import Variant
from perf.stats.tolerances import Tolerances, specificity
from perf.stats.watch import WATCHES

# Below it lies what no measurement can resolve, and 0.03, which was meant as a fraction.
LEAST_PERCENT = 0.1
MOST_PERCENT = 1000.0
QUANTITIES = {str(watch.name) for watch in WATCHES}


def read_tolerances(table: Mapping[str, Any], rows: Sequence[Variant] = ladder.LADDER) -> Tolerances:
    """Return the tolerances of a table, pattern of row names -> quantity -> percent; ``rows`` are all that there are.

    Raises BadInput for one that means nothing: no such row or quantity, no percentage, or two patterns of which
    neither comes before the other.
    """
    tolerances = {}
    for pattern, entry in table.items():
        with naming(f'tolerance "{pattern}"'):
            tolerances[pattern] = _read_entry(pattern, entry, rows)
    for row, quantity in itertools.product(rows, sorted(QUANTITIES)):
        setting_it = [
            pattern for pattern in tolerances if fnmatchcase(row.name, pattern) and quantity in tolerances[pattern]
        ]
        _check_order(setting_it, f"{quantity} of {row.name}")
    return Tolerances(tolerances)


def _read_entry(pattern: str, entry: object, rows: Sequence[Variant]) -> dict[str, float]:
    if not isinstance(entry, dict):
        raise BadInput('is not a table of quantities, such as "*" = {latency = 3}')
    ladder.select([pattern], rows)
    return {
        check_quantity(name): check_percent(name, percent, LEAST_PERCENT, MOST_PERCENT)
        for name, percent in entry.items()
    }


def check_quantity(name: str) -> str:
    """Return the name of a watched quantity. Raises UnknownName."""
    if name not in QUANTITIES:
        raise UnknownName("quantity", name, QUANTITIES)
    return name


def _check_order(patterns: list[str], what: str) -> None:
    """Raise BadInput unless one of the patterns, which all set the same tolerance, is the most specific."""
    if len(patterns) < 2:
        return
    *_, second, first = sorted(patterns, key=specificity)
    if specificity(second) == specificity(first):
        raise BadInput(
            f'tolerance: "{second}" and "{first}" both set {what}, and neither fixes more letters of the name; '
            "give the row an entry of its own"
        )
